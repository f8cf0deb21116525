import { round } from '../chart/layout.ts'
import { h, s } from '../dom.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import { compareMeans, dateOf, type Figures, largest, sealedWords, type Window } from '../measure/series.ts'
import { isPresent } from '../present.ts'
import { weekNumber, weekOf } from '../time/calendar.ts'
import { dayOfMonth, weekday } from '../time/words.ts'
import type { Zone } from '../time/zone.ts'
import type { Context } from './context.ts'
import { stepArrow } from './shapes.ts'

/** The days of one week of one metric. */
export interface WeekModel {
  readonly metric: ShownMetric
  readonly day: number
  readonly today: number
  readonly zone: Zone
  readonly days: readonly Window[]
  readonly widthPx: number
  readonly rowPx: number
}

interface Row {
  readonly day: number
  readonly figures: Figures | null
  readonly isOpen: boolean
}

/** The days with the highest and lowest mean; ties go to the earliest. */
export function extremeDays(rows: readonly Row[]): { highest: Row | null; lowest: Row | null } {
  const known = rows.filter(({ figures }) => isPresent(figures?.value))
  const compare = (a: Row, b: Row) => (a.figures && b.figures ? compareMeans(a.figures, b.figures) : 0)
  if (known.length < 2) return { highest: null, lowest: null }
  return { highest: largest(known, compare), lowest: largest(known, (a, b) => compare(b, a)) }
}

/** The register of a week: daily means, lowest to highest, the highest and lowest day. */
export function weekView(context: Context, model: WeekModel): HTMLElement {
  const { metric, day, today, zone, days } = model
  const rows = weekOf(day).map((date): Row => {
    const window = days.find((each) => dateOf(each, zone) === date)
    return { day: date, figures: window?.metrics[metric.name] ?? null, isOpen: window?.open ?? false }
  })
  const { highest, lowest } = extremeDays(rows)
  const values = rows
    .flatMap(({ figures }) => [figures?.low ?? figures?.value, figures?.high ?? figures?.value])
    .filter(isPresent)
  const scale = { low: Math.min(...values), high: Math.max(...values), isEmpty: values.length === 0 }
  const title = `Week ${weekNumber(day)}`
  const means = metric.kind === 'total' ? 'daily sums' : 'daily means'
  return h(
    'section',
    { class: metric.ink, 'aria-label': title },
    h(
      'h2',
      {},
      h('span', {}, title),
      h('span', { class: 'hand' }, [means, sealedWords(days, zone.name)].filter(Boolean).join(', ')),
      steps(context, day, today),
    ),
    h(
      'table',
      { class: 'week' },
      h(
        'caption',
        { class: 'unseen' },
        `${metric.label}, ${metric.unit}: ${means}, with the lowest and highest reading`,
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          rowView(row, model, scale, row === highest ? 'highest' : row === lowest ? 'lowest' : ''),
        ),
      ),
    ),
  )
}

function steps({ go }: Context, day: number, today: number): HTMLElement {
  const [monday = day, , , , , , sunday = day] = weekOf(day)
  const to = (target: number) => () => go({ day: target >= today ? null : target })
  return h(
    'span',
    { class: 'step' },
    h('button', { type: 'button', 'aria-label': 'Week before', onclick: to(monday - 1) }, stepArrow('back')),
    h(
      'button',
      { type: 'button', 'aria-label': 'Week after', disabled: sunday >= today, onclick: to(sunday + 7) },
      stepArrow('forward'),
    ),
  )
}

function rowView(
  { day, figures, isOpen }: Row,
  { metric, widthPx, rowPx }: WeekModel,
  scale: { low: number; high: number; isEmpty: boolean },
  which: string,
): HTMLElement {
  const head = h('th', { scope: 'row' }, h('b', {}, weekday(day)), ` ${dayOfMonth(day)}`)
  const barPx = Math.max(110, widthPx - 52 - 44 - 56 - 6)
  const value = figures?.value ?? null
  const text = metric.figure(value)
  return h(
    'tr',
    {},
    head,
    h('td', {}, figures && value !== null ? bar(metric, figures, value, scale, barPx, rowPx) : null),
    h('td', { class: 'mean' }, value === null ? '' : which ? h('span', { class: 'ring' }, text) : text),
    h('td', { class: 'which' }, which || (isOpen && value !== null ? 'so far' : '')),
  )
}

function bar(
  metric: ShownMetric,
  { low, high }: Figures,
  value: number,
  scale: { low: number; high: number },
  width: number,
  height: number,
): SVGElement {
  const lowText = low === null ? '' : metric.figure(low)
  const highText = high === null ? '' : metric.figure(high)
  const side = Math.max(32, Math.max(lowText.length, highText.length) * 6.4 + 8)
  const range = scale.high - scale.low || 1
  const x = (v: number) => side + ((v - scale.low) / range) * (width - 2 * side)
  const [left, right] = [x(low ?? value), x(high ?? value)]
  const middle = height / 2
  const isLevel = metric.kind === 'level'
  return s(
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}` },
    isLevel &&
      s('rect', {
        class: 'c-bar',
        x: round(left),
        y: middle - 4,
        width: round(Math.max(1, right - left)),
        height: 8,
      }),
    s('path', { class: 'c-stroke', 'stroke-width': 2.4, d: `M${round(x(value))} ${middle - 7}v14` }),
    isLevel &&
      s('text', { class: 'size-axis', x: round(left - 5), y: middle + 4.5, 'text-anchor': 'end' }, lowText),
    isLevel && s('text', { class: 'size-axis', x: round(right + 5), y: middle + 4.5 }, highText),
  )
}
