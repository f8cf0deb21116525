import { h } from '../dom.ts'
import { figure, withUnit } from '../measure/format.ts'
import { type ShownMetric, tableDecimals } from '../measure/metrics.ts'
import type { Point } from '../measure/series.ts'
import { clock, fullDate, weekday } from '../time/words.ts'
import type { Zone } from '../time/zone.ts'

/** The same as the drum, in figures. */
export function tableView(
  columns: readonly { readonly metric: ShownMetric; readonly points: readonly Point[] }[],
  zone: Zone,
  caption: string,
): HTMLElement {
  const starts = [...new Set(columns.flatMap(({ points }) => points.map(({ start }) => start)))].toSorted(
    (a, b) => b - a,
  )
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
            ['mean', 'lowest', 'highest'].map((what) =>
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
        starts.map((start) => row(start, columns, byStart, zone)),
      ),
    ),
  )
}

function row(
  start: number,
  columns: readonly { readonly metric: ShownMetric }[],
  byStart: readonly ReadonlyMap<number, Point>[],
  zone: Zone,
): HTMLElement {
  const day = zone.dayOf(start)
  const cells = columns.flatMap(({ metric }, i) => {
    const point = byStart[i]?.get(start)
    const text = (value: number | undefined) =>
      h('td', {}, figure(value === undefined ? null : metric.convert(value), tableDecimals))
    return [text(point?.value), text(point?.low), text(point?.high)]
  })
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, `${weekday(day)} ${fullDate(day)}, ${clock(start, zone)}`),
    cells,
  )
}
