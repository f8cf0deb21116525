import { round } from '../chart/layout.ts'
import { h, s } from '../dom.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import { compareMeans, dateOf, type Figures, largest, type Window } from '../measure/series.ts'
import { formatPlace } from '../state/address.ts'
import { dateToDay, daysInMonth } from '../time/calendar.ts'
import { monthName, shortDate, yearOf } from '../time/words.ts'
import type { Zone } from '../time/zone.ts'
import type { Context } from './context.ts'
import { stepArrow } from './shapes.ts'

/** A year of daily means of one metric. */
export interface YearModel {
  readonly metric: ShownMetric
  readonly day: number
  readonly today: number
  readonly firstDay: number | null
  readonly zone: Zone
  readonly days: readonly Window[]
  readonly widthPx: number
  readonly isCompact: boolean
  /** Colours of the heat map, coldest first. */
  readonly ramp: readonly string[]
}

/** Below this share of the expected readings a day's colour is hatched over. */
const leastCoverage = 0.75
/** degC at which the ramp of temperatures stands. */
const temperatureStops = [-10, -2, 6, 13, 20, 27, 34]
const top = 16

interface Cell {
  readonly day: number
  readonly figures: Figures
  readonly isThin: boolean
}

/** The register of a year: months by days, coloured by the daily mean. */
export function yearView(context: Context, model: YearModel): HTMLElement {
  const { metric, day, zone } = model
  const year = yearOf(day)
  const cells = new Map<number, Cell>()
  for (const window of model.days) {
    const { coverage, open, metrics } = window
    const figures = metrics[metric.name]
    const date = dateOf(window, zone)
    if (!figures || figures.value === null || yearOf(date) !== year) continue
    cells.set(date, { day: date, figures, isThin: !open && coverage !== null && coverage < leastCoverage })
  }
  const all = [...cells.values()].toSorted((a, b) => a.day - b.day)
  const compare = (a: Cell, b: Cell) => compareMeans(a.figures, b.figures)
  const highest = largest(all, compare)
  const lowest = largest(all, (a, b) => compare(b, a))
  const colour = colours(metric, all, model.ramp)
  const title = String(year)
  const means = metric.kind === 'total' ? 'daily sums' : 'daily means'
  return h(
    'section',
    { class: metric.ink, 'aria-label': title },
    h('h2', {}, h('span', {}, title), h('span', { class: 'hand' }, means), steps(context, model)),
    map(context, model, { cells, highest, lowest, colour }),
    highest && lowest && highest !== lowest && keyView(metric, lowest, highest, colour),
  )
}

function steps({ go }: Context, { day, today, firstDay }: YearModel): HTMLElement {
  const year = yearOf(day)
  const before = dateToDay(year - 1, 12, 31)
  const after = dateToDay(year + 1, 12, 31)
  return h(
    'span',
    { class: 'step' },
    h(
      'button',
      {
        type: 'button',
        'aria-label': 'Year before',
        disabled: firstDay === null || before < firstDay,
        onclick: () => go({ day: before }),
      },
      stepArrow('back'),
    ),
    h(
      'button',
      {
        type: 'button',
        'aria-label': 'Year after',
        disabled: year >= yearOf(today),
        onclick: () => go({ day: after >= today ? null : after }),
      },
      stepArrow('forward'),
    ),
  )
}

type Colour = (value: number) => string

function colours(metric: ShownMetric, cells: readonly Cell[], ramp: readonly string[]): Colour {
  const values = cells.map(({ figures }) => figures.value ?? 0).toSorted((a, b) => a - b)
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? 0
  const [low, high] = [at(0.01), at(0.99)]
  const stops =
    metric.name === 'temperature'
      ? temperatureStops
      : ramp.map((_, i) => low + ((high - low || 1) * i) / (ramp.length - 1))
  return (value) => mix(value, stops, ramp)
}

/** The colour of a value between the stops of a ramp, all #rrggbb. */
export function mix(value: number, stops: readonly number[], ramp: readonly string[]): string {
  const last = stops.length - 2
  const i = Math.max(
    0,
    Math.min(
      last,
      stops.findLastIndex((stop) => stop <= value),
    ),
  )
  const [from = 0, to = 1] = [stops[i], stops[i + 1]]
  const share = Math.max(0, Math.min(1, (value - from) / (to - from)))
  const part = (hex: string | undefined, at: number) =>
    Number.parseInt((hex ?? '#000000').slice(at, at + 2), 16)
  const channel = (at: number) =>
    Math.round(part(ramp[i], at) + share * (part(ramp[i + 1], at) - part(ramp[i], at)))
  return `rgb(${channel(1)} ${channel(3)} ${channel(5)})`
}

function map(
  context: Context,
  model: YearModel,
  {
    cells,
    highest,
    lowest,
    colour,
  }: { cells: Map<number, Cell>; highest: Cell | null; lowest: Cell | null; colour: Colour },
): SVGElement {
  const { metric, day, today, firstDay, widthPx, isCompact } = model
  const year = yearOf(day)
  const axis = 30
  const cellWidth = (widthPx - axis) / 31
  const cellHeight = isCompact ? 15 : 13
  const height = top + 12 * cellHeight + 6
  const nodes: (SVGElement | null)[] = [1, 5, 10, 15, 20, 25, 30].map((date) =>
    s(
      'text',
      { class: 'size-small', x: round(axis + (date - 0.5) * cellWidth), y: 11, 'text-anchor': 'middle' },
      date,
    ),
  )
  for (let month = 1; month <= 12; month++) {
    const y = top + (month - 1) * cellHeight
    nodes.push(
      s(
        'text',
        { class: 'size-small', x: 0, y: round(y + cellHeight * 0.8) },
        monthName(dateToDay(year, month, 1), 'short'),
      ),
    )
    for (let date = 1; date <= daysInMonth(year, month); date++) {
      const cellDay = dateToDay(year, month, date)
      const box = { x: axis + (date - 1) * cellWidth, y, width: cellWidth, height: cellHeight }
      const cell = cells.get(cellDay)
      if (cell) nodes.push(...cellNodes(context, metric, cell, box, colour))
      else nodes.push(emptyCell(box, cellDay <= today && firstDay !== null && cellDay >= firstDay))
      if (cell && (cell === highest || cell === lowest)) nodes.push(frame(box))
      if (cellDay === today)
        nodes.push(
          s('path', {
            class: 'ink-stroke',
            'stroke-width': 2,
            d: `M${round(box.x + 0.5)} ${y + cellHeight + 1.5}h${round(cellWidth - 1)}`,
          }),
        )
    }
  }
  const label = spoken(metric, year, lowest, highest)
  return s(
    'svg',
    {
      class: 'year',
      width: widthPx,
      height: round(height),
      viewBox: `0 0 ${widthPx} ${round(height)}`,
      role: 'group',
      'aria-label': label,
    },
    nodes,
  )
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const inset = ({ x, y, width, height }: Box) => ({
  x: round(x + 0.5),
  y: round(y + 0.5),
  width: round(width - 1),
  height: round(height - 1),
})

function cellNodes(
  { place, go }: Context,
  metric: ShownMetric,
  cell: Cell,
  box: Box,
  colour: Colour,
): SVGElement[] {
  const words = `${shortDate(cell.day)}: ${metric.figureAndUnit(cell.figures.value)}`
  const onclick = (event: MouseEvent) => {
    event.preventDefault()
    go({ day: cell.day })
  }
  // Not a stop of the Tab key each: 365 of them; the steps of the hours reach every day by keyboard.
  const link = s(
    'a',
    { href: formatPlace({ ...place, day: cell.day }), onclick, tabindex: -1, 'aria-label': words },
    s('rect', { ...inset(box), fill: colour(cell.figures.value ?? 0) }, s('title', {}, words)),
    cell.isThin ? s('rect', { ...inset(box), class: 'hatched-over' }) : null,
  )
  return [link]
}

function emptyCell(box: Box, isMissing: boolean): SVGElement {
  if (isMissing) return s('rect', { ...inset(box), class: 'hatched' })
  return s('circle', {
    class: 'not-yet',
    cx: round(box.x + box.width / 2),
    cy: round(box.y + box.height / 2),
    r: 1,
  })
}

const frame = ({ x, y, width, height }: Box): SVGElement =>
  s('rect', {
    class: 'ink-stroke',
    'stroke-width': 2,
    x: round(x - 0.5),
    y: round(y - 0.5),
    width: round(width + 1),
    height: round(height + 1),
  })

function keyView(metric: ShownMetric, lowest: Cell, highest: Cell, colour: Colour): HTMLElement {
  const [low, high] = [lowest.figures.value ?? 0, highest.figures.value ?? 0]
  const steps = 14
  const bars = Array.from({ length: steps }, (_, i) =>
    s('rect', { x: i * 6, width: 6.3, height: 10, fill: colour(low + ((high - low) * i) / (steps - 1)) }),
  )
  const end = (name: string, cell: Cell) =>
    h('span', {}, `${name} `, h('b', {}, metric.figure(cell.figures.value)), ` ${shortDate(cell.day)}`)
  return h(
    'p',
    { class: 'key spread' },
    end('lowest', lowest),
    h('span', {}, s('svg', { class: 'ramp', viewBox: '0 0 84 10', 'aria-hidden': 'true' }, bars)),
    end('highest', highest),
  )
}

function spoken(metric: ShownMetric, year: number, lowest: Cell | null, highest: Cell | null): string {
  const begin = `${metric.label} of each day of ${year}.`
  if (!lowest || !highest) return `${begin} No readings.`
  const one = (cell: Cell) => `${metric.figureAndUnit(cell.figures.value)} on ${shortDate(cell.day)}`
  return `${begin} Lowest mean ${one(lowest)}, highest ${one(highest)}.`
}
