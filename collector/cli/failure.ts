import { isCoded } from '@barograph/proto'

export const exitCodes = { done: 0, failed: 1, usage: 2, bug: 70 } as const

/** Failures that another configuration or command line mends: exit code 2. */
const usageCodes = new Set([
  'bad-config',
  'bad-usage',
  'bad-url',
  'port-in-use',
  'port-forbidden',
  'port-not-allowed',
  'address-unavailable',
  'bad-address',
  'not-loopback',
  'log-unusable',
  'log-foreign',
  'log-partitions',
  'store-unusable',
  'store-foreign',
])

/** What a failure means to the caller. */
export function exitCodeOf(error: unknown): number {
  if (!isCoded(error)) return exitCodes.bug
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed
}

/** A failure for people: what is wrong, then what to try. A bug comes with its stack, so that it can be reported. */
export function failureWords(error: unknown): string {
  if (isCoded(error)) return error.hint ? `${error.message}\n${error.hint}` : error.message
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `Barograph failed in a way that it should not; please report this:\n${stack}`
}
