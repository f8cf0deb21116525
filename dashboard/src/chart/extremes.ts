import { s } from '../dom.ts'
import type { Point } from '../measure/series.ts'
import { clock, clockSeconds, shortDate, weekday } from '../time/words.ts'
import { dayMs, hourMs } from '../time/zone.ts'
import { type Box, type OverParts, touches } from './boxes.ts'
import { round, textWidth } from './layout.ts'
import type { StripData } from './strip-data.ts'

/** One extreme as it is drawn, and the room its words take; null: they are hidden. */
export interface Extreme {
  readonly nodes: readonly SVGElement[]
  readonly box: Box | null
}

/** The highest and lowest of what is shown: an open dot, its figure and when it was. */
export function extremes(parts: OverParts, tag: Box | null): Extreme[] {
  const { data } = parts
  if (data.isBlank || data.metric.kind !== 'level' || data.points.length < 3) return []
  let lowest: Point | undefined
  let highest: Point | undefined
  for (const point of data.points) {
    if ((point.start + point.end) / 2 < data.span.from) continue
    if (!lowest || point.low < lowest.low) lowest = point
    if (!highest || point.high > highest.high) highest = point
  }
  if (!lowest || !highest || data.metric.figure(lowest.low) === data.metric.figure(highest.high)) return []
  const isWind = data.metric.name === 'windSpeed'
  const above = extreme(parts, tag, highest, highest.high, -1)
  return isWind ? [above] : [above, extreme(parts, tag, lowest, lowest.low, 1)]
}

/** side 1: below the dot, -1: above it. */
function extreme(
  { data, toX, toY }: OverParts,
  tag: Box | null,
  point: Point,
  value: number,
  side: 1 | -1,
): Extreme {
  const { metric, layout, heightPx, span } = data
  const time = Math.min((point.start + point.end) / 2, span.now ?? Number.POSITIVE_INFINITY)
  const x = Math.max(layout.axis, Math.min(layout.width, toX(time)))
  const y = toY(metric.convert(value))
  const size = layout.isCompact ? 13 : 13.5
  const number = `${data.hasGusts && side < 0 ? 'gust ' : ''}${metric.figure(value)}`
  const when = whenWords(data, point.start)
  const width = textWidth(number, size, 600) + 4 + textWidth(when, size)
  const rightmost = span.now === null ? layout.width - 2 : toX(span.now) - 6
  const left = Math.max(layout.axis + 2, Math.min(rightmost - width, x - width / 2))
  const baseline = Math.max(12, Math.min(heightPx - 3, y + (side > 0 ? 17 : -8)))
  const dot = s('circle', { class: 'open-dot', cx: round(x), cy: round(y), r: 3.6 })
  const box = { left, right: left + width, top: baseline - 12, bottom: baseline + 3 }
  if (tag && touches(tag, box)) return { nodes: [dot], box: null }
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
  return { nodes: [dot, label], box }
}

function whenWords({ layout, span, zone }: StripData, time: number): string {
  const day = weekday(zone.dayOf(time))
  const length = span.to - span.from
  if (length > 10 * dayMs) return shortDate(zone.dayOf(time))
  if (length <= hourMs / 4) return clockSeconds(time, zone)
  if (length <= 2 * dayMs) return clock(time, zone)
  return layout.isCompact ? day : `${day} ${clock(time, zone)}`
}
