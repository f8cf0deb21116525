import { type Ranges, rangeWords, without } from './number-ranges.ts'
import type { Report } from './report.ts'
import type { Documents } from './schema.ts'

/** Healed gaps that an epoch remembers at most. */
const healedKept = 32

/**
 * The ledger of gaps against the sets of its own document: what is missing below the last number known of stands in
 * exactly one open gap. A document without a ledger is of an older version, which gets one with its next record. Nothing
 * follows from its times: several bridges append to one partition, each by a clock of its own.
 */
export function checkGaps(
  report: Report,
  epoch: Documents['epochs'],
  { seen, horizon }: { readonly seen: Ranges; readonly horizon: number },
): void {
  const { gaps = [], gapsHealed = 0 } = epoch
  if (gaps.length === 0 && gapsHealed === 0) return
  const at = (field: string) => ({ collection: 'epochs' as const, id: epoch.id, field })
  const none = (field: string, ranges: Ranges): void => report.compare(at(field), rangeWords(ranges), 'none')
  const open: [number, number][] = []
  let healed = 0
  gaps.forEach(({ first, last, healed: healedAt }, i) => {
    const range = [[first, last]] as const
    if (last < first) report.compare(at(`gaps.${i}`), `${first}-${last}`, 'a range that ascends')
    if (healedAt === null) {
      const before = open[open.length - 1]?.[1] ?? 0
      if (first <= before) report.compare(at(`gaps.${i}`), first, `after ${before}`)
      open.push([first, last])
      if (without(range, seen).length === 0)
        report.compare(at(`gaps.${i}.healed`), 'open', 'healed, for none of it is missing')
      return
    }
    healed++
    if (open.length > 0) report.compare(at(`gaps.${i}`), 'healed', 'open, as those before it')
    none(`gaps.${i}: healed and missing`, without(range, seen))
  })
  report.compare(at('gaps: healed ones kept'), Math.min(healed, healedKept), healed)
  report.compare(at('gapsHealed'), Math.max(gapsHealed, healed), gapsHealed)
  const missing = without(horizon > 0 ? [[1, horizon]] : [], seen)
  none('missing and in no gap', without(missing, open))
  none('gaps beyond the last number', without(open, [[1, Math.max(1, horizon)]]))
}
