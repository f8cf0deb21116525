import { h, s } from '../dom.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import { sealedWords } from '../measure/series.ts'
import { clock, dayAndMonth, fullDate, weekday, yearOf } from '../time/words.ts'
import { hourMs } from '../time/zone.ts'
import type { Context } from './context.ts'
import { hoursChart, type HoursModel } from './hours-chart.ts'
import { stepArrow } from './shapes.ts'

/** The register of hours: mean, lowest to highest, and which hours hold the extremes. */
export function hoursView(context: Context, model: HoursModel): HTMLElement {
  const { metric, day } = model
  const isThisYear = yearOf(day) === yearOf(model.today)
  const title = `Hours of ${weekday(day, 'long')} ${isThisYear ? dayAndMonth(day) : fullDate(day)}`
  return h(
    'section',
    { class: metric.ink, 'aria-label': title },
    h('h2', {}, h('span', {}, title), metricMenu(context, model), seal(model), steps(context, model)),
    model.hasHours
      ? hoursChart(model, spoken(model))
      : h('p', { class: 'note hand' }, 'Measured less often than each hour: there are no hourly means.'),
    model.hasHours && model.metric.kind === 'level' && keyView(),
    model.hasHours && sentence(model),
  )
}

function metricMenu({ go }: Context, { metric, metrics }: HoursModel): HTMLElement {
  const name = (shown: ShownMetric) => `${shown.label.toLowerCase()}${shown.unit ? `, ${shown.unit}` : ''}`
  return h(
    'details',
    { class: 'menu', 'data-key': 'metric' },
    h(
      'summary',
      { class: 'hand', 'aria-label': `Metric: ${name(metric)}` },
      h('span', { class: 'said' }, name(metric)),
    ),
    h(
      'div',
      { class: 'panel' },
      metrics.map((other) =>
        h(
          'button',
          {
            type: 'button',
            class: 'option',
            'aria-pressed': String(other.name === metric.name),
            onclick: () => go({ metric: other.name }),
          },
          name(other),
        ),
      ),
    ),
  )
}

function seal({ hours, whole, zone }: HoursModel): HTMLElement | null {
  const words = sealedWords(whole ? [...hours, whole] : hours, zone.name)
  return words ? h('span', { class: 'hand' }, words) : null
}

function steps({ go }: Context, { day, today }: HoursModel): HTMLElement {
  const step = (to: number, name: string, direction: 'back' | 'forward') =>
    h(
      'button',
      {
        type: 'button',
        'aria-label': name,
        disabled: to > today,
        onclick: () => go({ day: to === today ? null : to }),
      },
      stepArrow(direction),
    )
  return h(
    'span',
    { class: 'step' },
    step(day - 1, 'Day before', 'back'),
    step(day + 1, 'Day after', 'forward'),
  )
}

function keyView(): HTMLElement {
  const icon = (d: string) =>
    s('svg', { width: 11, height: 10, 'aria-hidden': 'true' }, s('path', { class: 'c-fill', d }))
  const ring = s(
    'svg',
    { width: 26, height: 14, 'aria-hidden': 'true' },
    s('rect', { class: 'ring', x: 0.8, y: 0.8, width: 24, height: 12, rx: 6 }),
  )
  return h(
    'p',
    { class: 'key desk' },
    h('span', {}, icon('M5.5 0l5 9h-10Z'), 'highest reading'),
    h('span', {}, icon('M5.5 9.5l5-9h-10Z'), 'lowest reading'),
    h('span', {}, ring, 'highest and lowest hourly mean'),
  )
}

interface Extremes {
  readonly high: string
  readonly low: string
}

function extremesOf({ metric, whole, hours, zone }: HoursModel): Extremes | null {
  const day = whole?.metrics[metric.name]
  if (!day || day.high === null || day.low === null || day.highAt === null || day.lowAt === null) return null
  const hourOf = (start: number | null) =>
    hours.find((window) => window.start === start)?.metrics[metric.name]?.value
  const mean = (start: number | null, which: string) =>
    start === null
      ? ''
      : `, ${which} hourly mean ${metric.figure(hourOf(start))} from ${clock(start, zone)} to ${clock(start + hourMs, zone)}`
  return {
    high: `${metric.figureAndUnit(day.high)} at ${clock(day.highAt, zone)}${mean(day.highestPart, 'highest')}.`,
    low: `${metric.figureAndUnit(day.low)} at ${clock(day.lowAt, zone)}${mean(day.lowestPart, 'lowest')}.`,
  }
}

function sentence(model: HoursModel): HTMLElement | null {
  const extremes = extremesOf(model)
  return extremes && h('p', { class: 'phone note' }, `Highest ${extremes.high} Lowest ${extremes.low}`)
}

function spoken(model: HoursModel): string {
  const extremes = extremesOf(model)
  const begin = `${model.metric.label} by hours of ${fullDate(model.day)}.`
  return extremes ? `${begin} Highest ${extremes.high} Lowest ${extremes.low}` : `${begin} No readings.`
}
