import type { NewRecord } from '../../core/log.ts'

/** A record of a device whose bytes say its number. */
export const recordOf = (device: string, number: number, ingestMs = 1_700_000_000_000): NewRecord => ({
  device,
  kind: 'batch',
  ingestMs,
  quarantineAfterMs: number % 2 === 0 ? null : ingestMs + 300_000,
  value: new TextEncoder().encode(`${device} ${number}`),
})

/** The number that `recordOf` wrote. */
export const numberIn = (value: Uint8Array): number => Number(new TextDecoder().decode(value).split(' ')[1])
