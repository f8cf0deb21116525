const tokens = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))

/** True for a JSON pointer (RFC 6901): empty, or steps each begun by a slash; ~0 and ~1 stand for ~ and /. */
export function isJsonPointer(text: string): boolean {
  return /^(\/([^~/]|~[01])*)*$/.test(text)
}

/** What a pointer points at; undefined when there is nothing. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  let current = document
  for (const token of tokens(pointer)) {
    if (Array.isArray(current)) current = /^(0|[1-9]\d*)$/.test(token) ? current[Number(token)] : undefined
    else if (typeof current === 'object' && current !== null) current = ownValue(current, token)
    else return undefined
  }
  return current
}

const ownValue = (object: object, key: string): unknown => Object.getOwnPropertyDescriptor(object, key)?.value
