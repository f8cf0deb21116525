import type { AuditResult, Difference } from './report.ts'
import { rangeWords } from './number-ranges.ts'

const number = (n: number): string => n.toLocaleString('en-US')
const of = (n: number, one: string, many: string): string => `${number(n)} ${n === 1 ? one : many}`

/** What an audit found, for people. */
export function auditWords(result: AuditResult): string {
  const { checked, account, recordsAhead, seconds } = result
  const recomputed = Object.entries(checked.rollups).map(
    ([level, count]) =>
      [level, count - (checked.sealed[level] ?? 0) - (checked.expired[level] ?? 0)] as const,
  )
  const rollups = recomputed.reduce((sum, [, count]) => sum + count, 0)
  const perLevel = recomputed.map(([level, count]) => `${level} ${number(count)}`)
  const lines = [
    `Checked ${of(checked.devices, 'device', 'devices')}, ${of(checked.streams, 'stream', 'streams')}, ` +
      `${of(checked.epochs, 'epoch', 'epochs')}, ${of(checked.buckets, 'bucket', 'buckets')} ` +
      `in ${seconds.toFixed(1)} s`,
    `Readings  ${number(checked.readings)}` +
      ` (${number(checked.quarantined)} entries in quarantine), ${of(checked.marks, 'fault, start or stop', 'faults, starts and stops')}` +
      (checked.summaries > 0
        ? `, ${number(checked.summarised)} thinned in ${of(checked.summaries, 'summary', 'summaries')}`
        : ''),
    `Rollups   ${number(rollups)} recomputed and compared: ${perLevel.join(', ')} (${number(checked.fields)} comparisons)`,
    `Accepted  ${number(account.accepted)} = stored ${number(account.stored)}` +
      ` + quarantined ${number(account.quarantined)} + refused ${number(account.refused)}` +
      ` + declared lost ${number(account.lost)} + on the way ${number(account.onTheWay)}`,
  ]
  const sealed = Object.entries(checked.sealed).map(([level, count]) => `${level} ${number(count)}`)
  if (sealed.length > 0)
    lines.push(
      `Sealed    not to be recomputed, for raw readings of theirs have expired: ${sealed.join(', ')}`,
    )
  if (recordsAhead > 0) lines.push(`Log       ${of(recordsAhead, 'record', 'records')} not folded yet`)
  for (const { epoch, count, ranges } of result.onTheWay)
    lines.push(`On the way  ${epoch}: ${number(count)} (${rangeWords(ranges)}${moreThan(ranges, count)})`)
  const unlisted = result.onTheWayEpochs - result.onTheWay.length
  if (unlisted > 0) lines.push(`On the way  in ${of(unlisted, 'more epoch', 'more epochs')}`)
  lines.push(...result.findings.map((finding) => `Found  ${finding}`))
  if (result.equal) return [...lines, 'Equal: nothing differs.'].join('\n')
  lines.push(of(result.differenceCount, 'difference:', 'differences:'))
  lines.push(...result.differences.map(differenceWords))
  const rest = result.differenceCount - result.differences.length
  if (rest > 0) lines.push(`  and ${number(rest)} more`)
  return lines.join('\n')
}

const moreThan = (ranges: readonly (readonly [number, number])[], count: number): string =>
  ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0) < count ? ', ...' : ''

function differenceWords({ collection, id, field, stored, recomputed }: Difference): string {
  return `  ${collection} ${id}${whenOf(collection, id)}: ${field}: stored ${stored}, recomputed ${recomputed}`
}

/** A window's id ends in milliseconds, which nobody reads. */
function whenOf(collection: string, id: string): string {
  const start = Number(id.split('/')[3] ?? Number.NaN)
  if (collection !== 'rollups' || !Number.isFinite(start) || Math.abs(start) > 8.64e15) return ''
  return ` (${new Date(start).toISOString().replace('.000Z', 'Z')})`
}
