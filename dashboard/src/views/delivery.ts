import type { ApiDelivery } from '@barograph/proto/api'
import { h } from '../dom.ts'
import { count, counted } from '../measure/format.ts'

/** The delivery line: where every accepted reading is. */
export function deliveryView(delivery: ApiDelivery | null): HTMLElement | null {
  if (!delivery) return null
  const { accepted, logged, stored } = delivery
  const steps: [number, string, string][] = [
    [accepted, 'accepted', 'accepted by the agent'],
    [logged, 'logged', 'logged'],
    [stored, 'stored', 'stored'],
  ]
  const first = firstWords(delivery)
  return h(
    'footer',
    { class: 'way', 'aria-label': 'Delivery' },
    h('span', { class: 'desk' }, `${first}:\u2002`),
    steps.map(([value, name], i) => [
      i > 0 && h('i', { class: 'segment desk', 'aria-hidden': 'true' }),
      h('span', { class: 'desk' }, h('b', {}, count(value)), ` ${name}`),
    ]),
    itemsOf(delivery).map((item) => h('span', { class: 'item desk' }, item)),
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
        itemsOf(delivery).flatMap((item, i) => (i > 0 ? [', ', item] : [item])),
        '.',
      ),
    ),
  )
}

/** "Every reading accounted for" only while nothing is under way and nothing is unexplained. */
export function firstWords({ accepted, logged, toStore, onTheWay, unexplained }: ApiDelivery): string {
  if (onTheWay > 0) {
    const toLog = Math.max(0, onTheWay - toStore)
    const parts = [toLog > 0 && `${count(toLog)} to log`, toStore > 0 && `${count(toStore)} to store`].filter(
      Boolean,
    )
    return `On the way: ${parts.join(', ')}`
  }
  if (unexplained > 0) return 'Not every reading accounted for'
  return accepted === 0 && logged === 0 ? 'No reading accepted yet' : 'Every reading accounted for'
}

function itemsOf({
  backlog,
  lost,
  refused,
  quarantined,
  gaps,
  unexplained,
  late,
}: ApiDelivery): HTMLElement[] {
  const plain = (name: string, value: number) => h('span', {}, `${name} `, h('b', {}, count(value)))
  const items = [plain('backlog', backlog), plain('declared lost', lost)]
  if (quarantined > 0) items.push(plain('quarantined', quarantined))
  if (refused > 0) items.push(plain('refused', refused))
  if (gaps > 0)
    items.push(
      unexplained > 0
        ? h('span', { class: 'mark' }, `${counted(gaps, 'gap')}, ${count(unexplained)} not explained`)
        : h('span', {}, `${counted(gaps, 'gap')}, explained`),
    )
  if (late > 0) items.push(h('span', {}, `${count(late)} late`))
  return items
}
