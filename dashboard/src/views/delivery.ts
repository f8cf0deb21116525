import type { ApiAudit, ApiDelivery } from '@barograph/proto/api'
import { h } from '../dom.ts'
import { count, counted } from '../measure/format.ts'
import { moment } from '../time/words.ts'
import type { Zone } from '../time/zone.ts'
import { quarantineReasons } from './status.ts'

/** What the line counts: not only readings have numbers. */
const entryWords = 'Entries are readings, and the starts, stops and faults of sensors.'

/** The last audit in words; "audit at 17:55: equal". */
export interface AuditWords {
  readonly text: string
  readonly isMarked: boolean
}

/** The delivery line: where every accepted entry is. */
export function deliveryView(delivery: ApiDelivery | null, audit: AuditWords | null): HTMLElement | null {
  if (!delivery) return null
  const { accepted, logged, stored } = delivery
  const steps: [number, string, string][] = [
    [accepted, 'accepted', 'accepted by the agent'],
    [logged, 'logged', 'logged'],
    [stored, 'stored', 'stored'],
  ]
  const first = firstWords(delivery)
  const items = [
    ...itemsOf(delivery),
    ...(audit ? [h('span', { class: audit.isMarked ? 'mark' : '' }, audit.text)] : []),
  ]
  return h(
    'footer',
    { class: 'way', 'aria-label': 'Delivery' },
    h('span', { class: 'desk', title: entryWords }, `${first}:\u2002`),
    steps.map(([value, name], i) => [
      i > 0 && h('i', { class: 'segment desk', 'aria-hidden': 'true' }),
      h('span', { class: 'desk' }, h('b', {}, count(value)), ` ${name}`),
    ]),
    items.map((item) => h('span', { class: 'item desk' }, item)),
    h(
      'div',
      { class: 'phone' },
      h('h2', {}, first),
      h(
        'ol',
        {},
        steps.map(([value, , name]) => h('li', {}, h('span', {}, name), h('b', {}, count(value)))),
      ),
      h(
        'p',
        {},
        items.map((item) => item.cloneNode(true)).flatMap((item, i) => (i > 0 ? [', ', item] : [item])),
        `. ${entryWords}`,
      ),
    ),
  )
}

/** "Every entry accounted for" only while nothing is under way and nothing is unexplained. */
export function firstWords({ accepted, logged, toStore, onTheWay, unexplained }: ApiDelivery): string {
  if (onTheWay > 0) {
    const toLog = Math.max(0, onTheWay - toStore)
    const parts = [toLog > 0 && `${count(toLog)} to log`, toStore > 0 && `${count(toStore)} to store`].filter(
      Boolean,
    )
    return `On the way: ${parts.join(', ')}`
  }
  if (unexplained > 0) return 'Not every entry accounted for'
  return accepted === 0 && logged === 0 ? 'No entry accepted yet' : 'Every entry accounted for'
}

function itemsOf(delivery: ApiDelivery): HTMLElement[] {
  const { backlog, lost, refused, quarantined, gaps, unexplained, gapsOnTheWay, gapsHealed } = delivery
  const plain = (name: string, value: number) => h('span', {}, `${name} `, h('b', {}, count(value)))
  const items = [plain('backlog', backlog), plain('declared lost', lost)]
  if (quarantined > 0)
    items.push(
      h('span', { class: 'mark' }, `${count(quarantined)} in quarantine: ${quarantineReasons(delivery)}`),
    )
  if (refused > 0) items.push(plain('refused', refused))
  if (gaps > 0)
    items.push(
      unexplained > 0
        ? h('span', { class: 'mark' }, `${counted(gaps, 'gap')}, ${count(unexplained)} not explained`)
        : h('span', {}, `${counted(gaps, 'gap')}, explained`),
    )
  if (gapsOnTheWay > 0) items.push(h('span', {}, `${counted(gapsOnTheWay, 'gap')} on the way`))
  if (gapsHealed > 0) items.push(h('span', {}, `${counted(gapsHealed, 'gap')} healed`))
  const late = lateWords(delivery)
  if (late) items.push(h('span', {}, late))
  return items
}

/** "9 late, 13 windows revised"; empty: none came late. */
export function lateWords({ lateReadings, revised }: Pick<ApiDelivery, 'lateReadings' | 'revised'>): string {
  return lateReadings > 0 ? `${count(lateReadings)} late, ${counted(revised, 'window')} revised` : ''
}

/** "audit at 17:55: equal"; null: there was none. */
export function auditWords(audit: ApiAudit | null, now: number, zone: Zone): AuditWords | null {
  if (!audit) return null
  const at = moment(Date.parse(audit.finished), now, zone)
  return audit.equal
    ? { text: `audit at ${at}: equal`, isMarked: false }
    : { text: `audit at ${at}: ${count(audit.differenceCount)} differ`, isMarked: true }
}
