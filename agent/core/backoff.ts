export interface Backoff {
  /** How long to wait before the next try, ms. */
  next(): number
  /** It worked: the next wait is short again. */
  reset(): void
}

/**
 * Decorrelated jitter: each wait is between the shortest and three times the one before, so that devices that lost the
 * same broker at the same moment do not come back at the same moment.
 */
export function createBackoff({
  shortestMs,
  longestMs,
  random,
}: {
  shortestMs: number
  longestMs: number
  random: () => number
}): Backoff {
  let before = shortestMs
  return {
    next() {
      before = Math.min(longestMs, shortestMs + random() * (before * 3 - shortestMs))
      return before
    },
    reset() {
      before = shortestMs
    },
  }
}
