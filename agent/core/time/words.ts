import type { ClockStatus } from '@barograph/proto'

const units = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
] as const
const second = { name: 'second', ms: 1_000 } as const

/** A length of time in its largest unit: "47 days", "1 hour". The sign is not said. */
export function durationWords(ms: number): string {
  const length = Math.abs(ms)
  const { name, ms: unitMs } = units.find((unit) => Math.round(length / 1_000) * 1_000 >= unit.ms) ?? second
  const count = unitMs === second.ms ? Math.round(length / 100) / 10 : Math.round(length / unitMs)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}

/**
 * What a person should know of a clock; null: nothing. `disputeMs`: how far a synchronised machine is ahead of the
 * collector.
 */
export function describeClock({ source, offMs }: ClockStatus, disputeMs: number): string | null {
  if (source === 'none') return 'the clock is not synchronised: readings wait'
  if (offMs !== 0)
    return source === 'collector'
      ? `the clock was set by the collector's time (off by ${durationWords(offMs)})`
      : `the machine's clock jumped by ${durationWords(offMs)}: readings go on by the time before it`
  if (disputeMs !== 0)
    return `the machine's clock is synchronised, and the collector's differs from it by ${durationWords(disputeMs)}`
  return null
}
