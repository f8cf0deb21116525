import { limits } from '@barograph/proto'
import type { Observation, Sample, SensorPosition } from '../core/sensor.ts'
import { makeFault, nothing } from './fault.ts'

const hourMs = 3_600_000

/** Answers of a service may come from caches of different age: this much older than the last is not worth a fault. */
const cacheSpreadMs = hourMs

/** When the newest observation is older than this, a service counts as stuck. */
export const usualStaleAfterMs = 3 * hourMs

interface Question {
  readonly source: string
  /** Event time of the observation that the service gave. */
  readonly timeMs: number
  /** Event time of the newest observation taken before. */
  readonly newestMs: number | null
  readonly nowMs: number
  /** There was a newest one, and nobody knows it any more. */
  readonly isPositionLost?: boolean | undefined
  /** 0: however old. */
  readonly staleAfterMs?: number
}

/** Null when an observation is new; otherwise the sample to answer: nothing new, or a fault where its time cannot be. */
export function judgeObservationTime(question: Question): Exclude<Sample, { kind: 'end' }> | null {
  const { source, timeMs, newestMs, nowMs, isPositionLost, staleAfterMs = usualStaleAfterMs } = question
  const shown = toIso(timeMs)
  if (timeMs > nowMs + limits.futureToleranceMs)
    return makeFault(
      'future-time',
      `${source} says ${shown}, which is still to come here (${toIso(nowMs)}): whose clock is wrong?`,
    )
  // It may have been taken before, and a cache may have a newer one that was, too: none of them comes again.
  if (isPositionLost) {
    const beyond = Math.max(timeMs, Math.min(nowMs, timeMs + cacheSpreadMs))
    return { kind: 'observations', observations: [], position: { newestMs: beyond } }
  }
  if (newestMs !== null && timeMs < newestMs - cacheSpreadMs)
    return makeFault(
      'older-observation',
      `${source} went back to ${shown}; the newest taken is of ${toIso(newestMs)}`,
    )
  if (newestMs !== null && timeMs <= newestMs)
    return staleAfterMs > 0 && nowMs - timeMs > staleAfterMs
      ? makeFault('stale', `${source} has nothing newer than ${shown}: it answers, but does not measure`)
      : nothing
  return null
}

/** A time without milliseconds, for sentences. */
export const toIso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')

/** The position of a sensor that takes observations in the order of their time. */
export function newestOf(position: SensorPosition): number | null {
  if (typeof position !== 'object' || position === null || !('newestMs' in position)) return null
  const { newestMs } = position
  return typeof newestMs === 'number' ? newestMs : null
}

/** Observations, oldest first, with the position after them. */
export function observationsSample(observations: readonly Observation[]): Sample {
  const last = observations.at(-1)
  if (!last) return nothing
  return { kind: 'observations', observations, position: { newestMs: last.time } }
}
