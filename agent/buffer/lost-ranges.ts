import { addRange, pairs, type RangeSet, rangeOf, subtract } from '@barograph/proto'
import type { LostRange } from '../core/buffer.ts'

/** The ranges of a loss that neither the collector's losses nor anything else accounts for. */
export function withoutSettled(lost: readonly LostRange[], settled: RangeSet): LostRange[] {
  return lost.flatMap(({ firstSeq, lastSeq, cause }) =>
    [...pairs(subtract(rangeOf(firstSeq, lastSeq), settled))].map(([first, last]) => ({
      firstSeq: first,
      lastSeq: last,
      cause,
    })),
  )
}

/** The losses with one more set of numbers, neighbours of one cause joined. */
export function withLost(lost: readonly LostRange[], set: RangeSet, cause: string): LostRange[] {
  const sameCause = lost.filter((range) => range.cause === cause)
  let joined = set
  for (const { firstSeq, lastSeq } of sameCause) joined = addRange(joined, firstSeq, lastSeq)
  const ranges = [...pairs(joined)].map(([firstSeq, lastSeq]) => ({ firstSeq, lastSeq, cause }))
  return [...lost.filter((range) => range.cause !== cause), ...ranges].sort((a, b) => a.firstSeq - b.firstSeq)
}
