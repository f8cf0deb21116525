import { s } from '../dom.ts'
import type { Point } from '../measure/series.ts'
import type { Box, OverParts } from './boxes.ts'
import { round, textWidth } from './layout.ts'
import type { StripData } from './strip-data.ts'

/** The value under the crosshair: its line, dot and tag; null: no crosshair. */
export function crosshairTag(parts: OverParts): { box: Box; nodes: SVGElement[] } | null {
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
