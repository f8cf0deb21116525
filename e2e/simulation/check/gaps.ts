import { has } from '@barograph/proto'
import type { EpochDocument } from '../../../collector/core/documents.ts'
import { Violation } from '../engine/world.ts'
import type { AcceptedStream } from './ledger.ts'

/**
 * The ledger of gaps says what the sets say: every missing number below one that is known of is in one open gap, no gap
 * is open without one, and none has healed that lacks any.
 */
export function checkGaps({ device, sensor, epoch }: AcceptedStream, document: EpochDocument): void {
  const fail = (seq: number, why: string): never => {
    throw new Violation('honest', why, { device, sensor, epoch, seq })
  }
  const { seen, gaps = [], lost, refused, ended } = document
  const declared = [...Object.values(lost), ...Object.values(refused)]
  const known = Math.max(ended ?? 0, ...[seen, ...declared].flat())
  const missing = new Set<number>()
  for (let seq = 1; seq <= known; seq++) if (!has(seen, seq)) missing.add(seq)
  for (const { first, last, healed } of gaps) {
    const lacks = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter(
      (seq) => !has(seen, seq),
    )
    const [one] = lacks
    if (healed !== null && one !== undefined) fail(one, `its gap ${first} to ${last} is said to have healed`)
    if (healed === null && one === undefined)
      fail(first, `the gap ${first} to ${last} is open and lacks nothing`)
    if (healed === null)
      for (const seq of lacks)
        if (!missing.delete(seq)) fail(seq, 'in two open gaps, or beyond all that is known of')
  }
  const [stray] = missing
  if (stray !== undefined) fail(stray, `missing, ${known} is known of, and no gap is open there`)
}
