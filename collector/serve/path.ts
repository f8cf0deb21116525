/** The name in a path's parameter: {device} is device; null for a plain part. */
export function parseName(part: string): string | null {
  return /^\{(\w+)\}$/.exec(part)?.[1] ?? null
}

/** The path in the router's form: {device} becomes :device. */
export const routerPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')
