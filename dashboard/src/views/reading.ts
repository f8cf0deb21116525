import { h, s } from '../dom.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import { arrowDegrees, type Tendency } from '../measure/tendency.ts'

/** A value and when it was. */
export interface ValueAt {
  readonly value: number
  readonly when: string
}

/** What stands beside a strip; values in base units. */
export interface ReadingModel {
  readonly metric: ShownMetric
  readonly qualifier: string
  readonly value: number | null
  /** Not of now: the connection is lost, or the sensor has been silent since. */
  readonly isOld: boolean
  /** Instead of the tendency: why there is no value. */
  readonly fault: string | null
  readonly tendency: Tendency | null
  readonly low: ValueAt | null
  readonly high: ValueAt | null
  /** Instead of low and high: "waiting for the first reading", "last good 29 % at 14:19". */
  readonly remark: string
  readonly isPicked: boolean
  readonly isLast: boolean
  readonly onPick: () => void
}

/** The reading beside its pen. */
export function readingView(model: ReadingModel): HTMLElement {
  const { metric, qualifier, isPicked, isLast, onPick } = model
  const size = `reading ${metric.size}${isLast ? ' last' : ''} ${metric.ink}`
  const name = h(
    'div',
    { class: 'name' },
    h('button', { type: 'button', 'aria-pressed': String(isPicked), onclick: onPick }, metric.label),
    h('span', {}, qualifier),
  )
  const value = h(
    'div',
    { class: `value${model.isOld || model.value === null ? ' old' : ''}` },
    metric.figure(model.value),
    h('small', {}, metric.unit),
  )
  const tendency = model.fault
    ? h('div', { class: 'tendency' }, h('span', { class: 'mark' }, model.fault))
    : tendencyView(model)
  const body = metric.size === 'small' ? h('div', { class: 'row' }, value, tendency) : [value, tendency]
  return h('div', { class: size, 'data-key': metric.name }, name, body, extremesView(model))
}

function tendencyView({ metric, tendency }: ReadingModel): HTMLElement | null {
  if (!tendency) return null
  const { words, steepness, difference } = tendency
  return h(
    'div',
    { class: 'tendency' },
    difference === null ? null : arrow(steepness),
    words,
    difference === null
      ? null
      : h('span', { class: 'difference' }, `${metric.difference(difference)} in 3\u00a0h`),
  )
}

function arrow(steepness: number): SVGElement {
  const turn = `rotate(${-arrowDegrees(steepness)})`
  return s(
    'svg',
    { viewBox: '-8 -8 16 16', 'aria-hidden': 'true' },
    s('path', {
      transform: turn,
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': 2,
      d: 'M-6.5 0H6M1.5-4.5 6 0 1.5 4.5',
    }),
  )
}

function extremesView({ metric, low, high, remark }: ReadingModel): HTMLElement | null {
  if (remark) return h('div', { class: 'extremes' }, remark)
  if (!low || !high) return null
  const part = (name: string, { value, when }: ValueAt) => [
    `${name} `,
    h('b', {}, metric.figure(value)),
    h('span', { class: 'at' }, ' at'),
    ` ${when}`,
  ]
  return h(
    'div',
    { class: 'extremes' },
    part('low', low),
    h('span', { class: 'dot' }, '·'),
    part('high', high),
  )
}
