import { s, show } from '../dom.ts'
import { figure } from '../measure/format.ts'
import type { Point } from '../measure/series.ts'
import { clock, preciseSpan, shortDate, weekday } from '../time/words.ts'
import { dayMs } from '../time/zone.ts'
import { round, textWidth } from './layout.ts'
import type { HatchedGap, StripData } from './strip.ts'
import { isMultiple, multiples, type ValueAxis } from './value-axis.ts'

/** What the layer of words above a strip is drawn from. */
export interface OverParts {
  readonly data: StripData
  readonly axis: ValueAxis
  readonly crosshair: number | null
  toX(time: number): number
  toY(value: number): number
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Draws words, pens, tags and the line of now above a strip. */
export function drawOver(svg: SVGElement, parts: OverParts): void {
  const { data } = parts
  const { width } = data.layout
  const tag = tagAt(parts)
  const next = s('svg', {
    class: 'over',
    role: 'img',
    'aria-label': data.sentence,
    viewBox: `0 0 ${width} ${data.heightPx}`,
  })
  show(
    next,
    axisFigures(parts),
    causes(parts, tag?.box ?? null),
    extremes(parts, tag?.box ?? null),
    pen(parts),
    tag?.nodes,
  )
  svg.replaceChildren(...next.childNodes)
  for (const name of ['viewBox', 'aria-label']) svg.setAttribute(name, next.getAttribute(name) ?? '')
}

function axisFigures({ data, axis, toY }: OverParts): SVGElement[] {
  const { isCompact, axis: margin } = data.layout
  const size = isCompact ? 12 : 13
  const decimals = isMultiple(axis.major, 1) ? 0 : isMultiple(axis.major, 0.1) ? 1 : 2
  return multiples(axis.major, axis.low, axis.high).map((value) => {
    const y = Math.max(size * 0.8, Math.min(data.heightPx - 3, toY(value) + size * 0.33))
    const place = { x: margin - (isCompact ? 4 : 7), y: round(y), 'text-anchor': 'end' }
    return s('text', { ...place, class: isCompact ? 'size-phone' : 'size-axis' }, figure(value, decimals))
  })
}

function pen({ data, toX, toY }: OverParts): (SVGElement | null)[] {
  const { span, heightPx, tip, metric, isLifted, isBlank } = data
  if (span.now === null) return []
  const x = round(toX(span.now))
  const line = s('path', { class: 'ink-stroke now-line', d: `M${x} 0V${heightPx}` })
  if (!tip && !isBlank) return [line]
  const time = tip?.time ?? span.now
  if (time < span.from) return [line]
  const y = tip ? toY(metric.convert(tip.value)) : heightPx / 2
  const shape = `M${round(toX(time) - 1)} ${round(y)}l14-5v10Z`
  return [line, s('path', { class: isLifted || isBlank ? 'pen lifted' : 'pen', d: shape })]
}

function extremes(parts: OverParts, tag: Box | null): (SVGElement | null)[] {
  const { data } = parts
  if (data.isBlank || data.metric.kind !== 'level' || data.points.length < 3) return []
  let lowest: Point | undefined
  let highest: Point | undefined
  for (const point of data.points) {
    if (point.end <= data.span.from || point.start > data.span.to) continue
    if (!lowest || point.low < lowest.low) lowest = point
    if (!highest || point.high > highest.high) highest = point
  }
  if (!lowest || !highest || lowest.low === highest.high) return []
  const isWind = data.metric.name === 'windSpeed'
  return [
    isWind ? null : extreme(parts, tag, lowest, lowest.low, 1),
    extreme(parts, tag, highest, highest.high, -1),
  ].flat()
}

/** side 1: below the dot, -1: above it. */
function extreme(
  { data, toX, toY }: OverParts,
  tag: Box | null,
  point: Point,
  value: number,
  side: 1 | -1,
): SVGElement[] {
  const { metric, layout, heightPx, span } = data
  const time = Math.min((point.start + point.end) / 2, span.now ?? Number.POSITIVE_INFINITY)
  const x = Math.max(layout.axis, Math.min(layout.width, toX(time)))
  const y = toY(metric.convert(value))
  const size = layout.isCompact ? 13 : 13.5
  const number = `${data.hasGusts && side < 0 ? 'gust ' : ''}${metric.figure(value)}`
  const when = whenWords(data, point.start)
  const width = textWidth(number, size, 600) + 4 + textWidth(when, size)
  const left = Math.max(layout.axis + 2, Math.min(layout.width - width - 2, x - width / 2))
  const baseline = Math.max(12, Math.min(heightPx - 3, y + (side > 0 ? 17 : -8)))
  const dot = s('circle', { class: 'open-dot', cx: round(x), cy: round(y), r: 3.6 })
  const box = { left, right: left + width, top: baseline - 12, bottom: baseline + 3 }
  if (tag && touches(tag, box)) return [dot]
  const label = s(
    'text',
    {
      class: `on-paper ${layout.isCompact ? 'size-axis' : 'size-chart'}`,
      x: round(left),
      y: round(baseline),
    },
    s('tspan', { class: 'figure' }, number),
    s('tspan', { dx: 4 }, when),
  )
  return [dot, label]
}

function whenWords({ layout, span, zone }: StripData, time: number): string {
  const day = weekday(zone.dayOf(time))
  const length = span.to - span.from
  if (length > 10 * dayMs) return shortDate(zone.dayOf(time))
  if (length <= 2 * dayMs) return clock(time, zone)
  return layout.isCompact ? day : `${day} ${clock(time, zone)}`
}

function causes(parts: OverParts, tag: Box | null): (SVGElement | null)[] {
  const { data, toX } = parts
  const { layout, heightPx } = data
  const size = layout.isCompact ? 13.5 : 14
  return data.gaps.map((gap: HatchedGap) => {
    const left = Math.max(layout.axis, toX(gap.start))
    const right = Math.min(layout.width, toX(gap.end))
    const text = gap.cause && `${gap.cause}, ${preciseSpan(gap.end - gap.start)}`
    const width = textWidth(text, size) * 0.98
    // One that does not fit is told in the list and the table only.
    if (!text || (right - left) * 1.3 + 24 < width) return null
    const x = Math.max(layout.axis + 6, Math.min(layout.width - width - 4, (left + right - width) / 2))
    const above = { left: x, right: x + width, top: 4, bottom: 20 }
    const y = tag && touches(tag, above) ? heightPx * 0.42 : 16
    return s('text', { class: 'hand on-paper size-body', x: round(x), y: round(y) }, text)
  })
}

function tagAt(parts: OverParts): { box: Box; nodes: SVGElement[] } | null {
  const { data, crosshair, toX, toY } = parts
  if (crosshair === null || crosshair < data.span.from || crosshair > data.span.to) return null
  const { metric, layout, heightPx } = data
  const point = data.points.find(({ start, end }) => crosshair >= start && crosshair < end)
  const x = toX(point ? (point.start + point.end) / 2 : crosshair)
  const y = point ? toY(metric.convert(point.value)) : heightPx / 2
  const text = point ? tagText(data, point) : noValue(data, crosshair)
  const width = textWidth(text, 14, 600) + 14
  const isRight = x - layout.axis < (layout.width - layout.axis) * 0.15
  const left = isRight ? x + 8 : x - 8 - width
  const middle = y > heightPx / 2 ? 13 : heightPx - 13
  const box = { left, right: left + width, top: middle - 10, bottom: middle + 10 }
  const nodes = [
    s('path', { class: 'ink-stroke dotted', d: `M${round(x)} 0V${heightPx}` }),
    s('rect', {
      class: point ? 'c-fill' : 'no-value',
      x: round(left),
      y: middle - 10,
      width: round(width),
      height: 20,
    }),
    s(
      'text',
      {
        class: `tag size-body${point ? '' : ' none'}`,
        x: round(left + width / 2),
        y: middle + 4.8,
        'text-anchor': 'middle',
      },
      text,
    ),
  ]
  if (point) nodes.splice(1, 0, s('circle', { class: 'closed-dot', cx: round(x), cy: round(y), r: 3.4 }))
  return { box, nodes }
}

function tagText({ metric, hasGusts }: StripData, point: Point): string {
  const gust = hasGusts && point.high > point.value ? `, gust ${metric.figure(point.high)}` : ''
  return metric.figure(point.value) + gust
}

/** What the crosshair says in a gap. */
export function noValue({ gaps }: Pick<StripData, 'gaps'>, time: number): string {
  const gap = gaps.find(({ start, end }) => time >= start && time < end)
  return gap?.cause ? `no value, ${gap.cause}` : 'no value'
}

const touches = (a: Box, b: Box): boolean =>
  a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom + 2 && b.top < a.bottom + 2
