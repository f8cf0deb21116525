/** How the rows of a boot get their times: monotonic plus offset, or as they are where that agrees. */
export interface BootTiming {
  /** Whole milliseconds. */
  readonly offsetMs: number
  readonly errorMs: number
  /** Times that were stamped within this of the right one stay: a clock that was right is not doubted. */
  readonly toleranceMs: number
  readonly isUncertain: boolean
}

/** The final time of a row that a clock stamped which nobody had confirmed. `buffer/boot-table.ts` does the same in SQL. */
export function finalTime(timing: BootTiming, wall: number, monotonicMs: number): number {
  const right = monotonicMs + timing.offsetMs
  return Math.abs(wall - right) <= timing.toleranceMs ? wall : right
}

/** A boot of which only the order of the others tells when it was. Durations and wall minus monotonic in ms. */
export interface UnknownBoot {
  /** From its start to the last thing known of it. */
  readonly lastedMs: number
  /** Wall minus monotonic time as its own clock had it at last. */
  readonly believedOffsetMs: number
}

/**
 * When boots that ended without synchronisation began, oldest first: between a time that is known to be before all of
 * them and the start of the boot after them. Each one's own clock counts where it fits in between.
 */
export function boundBoots(
  boots: readonly UnknownBoot[],
  earliestMs: number,
  latestMs: number,
): readonly BootTiming[] {
  const total = boots.reduce((sum, { lastedMs }) => sum + lastedMs, 0)
  let beforeMs = 0
  return boots.map(({ lastedMs, believedOffsetMs }) => {
    const lower = earliestMs + beforeMs
    const upper = latestMs - (total - beforeMs)
    beforeMs += lastedMs
    const [low, high] = lower <= upper ? [lower, upper] : [upper, lower]
    const offsetMs = Math.round(Math.min(Math.max(believedOffsetMs, low), high))
    // Each moment is rounded to a millisecond.
    const errorMs = Math.ceil(Math.max(offsetMs - low, high - offsetMs)) + 1
    return { offsetMs, errorMs, toleranceMs: 0, isUncertain: true }
  })
}
