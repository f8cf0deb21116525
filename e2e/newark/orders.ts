import type { Batch } from '@barograph/proto'
import { seeded, shuffled } from '../harness/random.ts'
import { batchesOf } from './batches.ts'
import type { Row } from './rows.ts'

const threeWeeksMs = 21 * 86_400_000

/** The same rows of a device in four orders of arrival. */
export interface Orders {
  readonly inOrder: readonly Batch[]
  /** Across all days, and cut otherwise. */
  readonly shuffled: readonly Batch[]
  /** Everything comes twice, cut in two ways. */
  readonly doubled: readonly Batch[]
  /** Every third batch comes only when the data around it is three weeks ahead. */
  readonly thirdLate: readonly Batch[]
}

/** The same ones for the same rows, every time. */
export function ordersOf(device: string, rows: readonly Row[]): Orders {
  const inOrder = batchesOf(device, rows, () => 100)
  const odd = seeded(1)
  const oddlyCut = batchesOf(device, rows, () => 1 + Math.floor(odd() * 40))
  return {
    inOrder,
    shuffled: shuffled(oddlyCut, seeded(2)),
    doubled: shuffled([...inOrder, ...oddlyCut], seeded(3)),
    thirdLate: thirdLate(oddlyCut),
  }
}

function thirdLate(batches: readonly Batch[]): Batch[] {
  const timeOf = (batch: Batch): number => batch.runs[0]?.times[0] ?? 0
  return batches
    .map((batch, i) => ({ batch, at: timeOf(batch) + (i % 3 === 0 ? threeWeeksMs : 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ batch }) => batch)
}
