import { h } from '../dom.ts'
import { count, figure, withUnit } from '../measure/format.ts'
import { type ShownMetric, tableDecimals } from '../measure/metrics.ts'
import { type Point, sealedWords } from '../measure/series.ts'
import { isPresent } from '../present.ts'
import { clock, clockSeconds, fullDate, weekday } from '../time/words.ts'
import { minuteMs, type Zone } from '../time/zone.ts'

/** The same as the drum, in figures. */
export function tableView(
  columns: readonly { readonly metric: ShownMetric; readonly points: readonly Point[] }[],
  { zone, siteZone }: { readonly zone: Zone; readonly siteZone: string },
  caption: string,
): HTMLElement {
  const starts = [...new Set(columns.flatMap(({ points }) => points.map(({ start }) => start)))].toSorted(
    (a, b) => b - a,
  )
  // Windows shorter than a minute are told apart by their seconds.
  const timeOf = starts.some((start) => start % minuteMs !== 0) ? clockSeconds : clock
  const byStart = columns.map(({ points }) => new Map(points.map((point) => [point.start, point])))
  return h(
    'div',
    { class: 'table-view', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'figures' },
      h('caption', {}, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'From'),
          columns.map(({ metric }) =>
            ['mean', 'lowest', 'highest', 'readings'].map((what) =>
              h(
                'th',
                { scope: 'col' },
                `${what === 'mean' ? `${withUnit(metric.label, metric.unit ? `(${metric.unit})` : '')} ${metric.kind === 'total' ? 'sum' : 'mean'}` : what}`,
              ),
            ),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        starts.map((start) =>
          row(
            `${dateOf(start, zone)}, ${timeOf(start, zone)}`,
            noteOf(start, byStart, siteZone),
            start,
            columns,
            byStart,
          ),
        ),
      ),
    ),
  )
}

function dateOf(time: number, zone: Zone): string {
  const day = zone.dayOf(time)
  return `${weekday(day)} ${fullDate(day)}`
}

/** What the drum's margin says of a window. */
function noteOf(start: number, byStart: readonly ReadonlyMap<number, Point>[], siteZone: string): string {
  const points = byStart.map((each) => each.get(start)).filter(isPresent)
  const revised = points.some(({ revision }) => revision > 0) ? 'revised' : ''
  return [revised, sealedWords(points, siteZone)].filter(Boolean).join(', ')
}

function row(
  name: string,
  note: string,
  start: number,
  columns: readonly { readonly metric: ShownMetric }[],
  byStart: readonly ReadonlyMap<number, Point>[],
): HTMLElement {
  const cells = columns.flatMap(({ metric }, i) => {
    const point = byStart[i]?.get(start)
    const text = (value: number | undefined) =>
      h('td', {}, figure(value === undefined ? null : metric.convert(value), tableDecimals))
    const readings = h('td', {}, point ? count(point.count) : figure(null, 0))
    return [text(point?.value), text(point?.low), text(point?.high), readings]
  })
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, name, note && h('span', { class: 'hand' }, `\u2002${note}`)),
    cells,
  )
}
