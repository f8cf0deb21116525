import { s } from '../dom.ts'
import type { Zone } from '../time/zone.ts'
import { handWidth, type Layout, round, type Span, textWidth, timeToX } from './layout.ts'
import type { TimeAxis } from './time-axis.ts'

/** The edges of a drum's paper: names above, figures below, remarks in the margin. */
export interface EdgeParts {
  readonly axis: TimeAxis
  readonly span: Span
  readonly layout: Layout
  readonly zone: Zone
  /** What the crosshair's window is called, and where it stands; null: no crosshair. */
  readonly flag: { readonly time: number; readonly text: string } | null
}

/** A remark in the margin, with a bracket over what it is about. */
export interface Remark {
  readonly start: number
  readonly end: number
  readonly text: string
}

const leastBandPx = 30
const longNamePx = 96

const edge = (className: string, height: number, { layout }: EdgeParts, children: (SVGElement | null)[]) =>
  s(
    'svg',
    {
      class: className,
      'aria-hidden': 'true',
      width: layout.width,
      height,
      viewBox: `0 0 ${layout.width} ${height}`,
    },
    children,
  )

/** Days, months or years above the strips, and the crosshair's flag. */
export function drawHead(parts: EdgeParts): SVGElement {
  const { axis, span, layout, flag } = parts
  const toX = timeToX(layout, span)
  const flagBox = flag ? flagAt(flag, toX, layout) : null
  const nodes: (SVGElement | null)[] = []
  for (const { start, end, names } of axis.head) {
    const [left, right] = [toX(start), toX(end)]
    if (start > span.from) nodes.push(s('path', { class: 'rule-3', d: `M${round(left)} 4V24` }))
    nodes.push(bandName(names, left, right, layout.isCompact, flagBox))
  }
  if (flag && flagBox) {
    const { x, width } = flagBox
    nodes.push(
      s('rect', { class: 'ink-fill', x: round(x), y: 1, width: round(width), height: 21 }),
      s(
        'text',
        { class: 'flag size-body', x: round(x + width / 2), y: 16, 'text-anchor': 'middle' },
        flag.text,
      ),
    )
  }
  return edge('days', 24, parts, nodes)
}

function flagAt(flag: { time: number; text: string }, toX: (time: number) => number, layout: Layout) {
  const width = textWidth(flag.text, 14, 500) + 16
  const x = Math.max(0, Math.min(layout.width - width, toX(flag.time) - width / 2))
  return { x, width }
}

function bandName(
  names: TimeAxis['head'][number]['names'],
  left: number,
  right: number,
  isCompact: boolean,
  flag: { x: number; width: number } | null,
): SVGElement | null {
  const room = right - left
  const middle = (left + right) / 2
  for (const [name, strong] of names) {
    const width = textWidth(`${name} ${strong}`, 14, 500)
    const isLong = name.length > 3
    if (room < leastBandPx || (isLong && room < longNamePx) || width + 6 > room) continue
    const collides = flag && middle - width / 2 < flag.x + flag.width + 12 && middle + width / 2 > flag.x - 12
    if (collides) return null
    const size = isCompact ? 'size-axis' : 'size-body'
    return s(
      'text',
      { class: size, x: round(middle), y: 17, 'text-anchor': 'middle' },
      s('tspan', {}, name ? `${name} ` : ''),
      strong ? s('tspan', { class: 'strong' }, strong) : null,
    )
  }
  return null
}

/** Hours, dates, months or years below the strips, and where now is. */
export function drawFoot(parts: EdgeParts): SVGElement {
  const { axis, span, layout } = parts
  const toX = timeToX(layout, span)
  const nodes: (SVGElement | null)[] = [
    s('path', { class: 'rule-2', d: `M${layout.axis} .5H${layout.width}` }),
  ]
  const nowX = span.now === null ? null : toX(span.now)
  const nowHalf = textWidth(span.nowLabel, 13.5, 600) / 2
  for (const { time, label, isStrong } of axis.foot) {
    const x = toX(time)
    nodes.push(s('path', { class: 'rule-3', d: `M${round(x)} 0V${isStrong ? 6 : 4}` }))
    const half = textWidth(label, 13) / 2
    const isFree = nowX === null || Math.abs(x - nowX) > half + nowHalf + 4
    if (!label || !isFree || x + half > layout.width) continue
    const shown = {
      class: `size-axis${isStrong ? ' ink-figure' : ''}`,
      x: round(x),
      y: 18,
      'text-anchor': 'middle',
    }
    nodes.push(s('text', shown, label))
  }
  if (nowX !== null) {
    const x = Math.min(nowX, layout.width - nowHalf)
    nodes.push(
      s('text', { class: 'now size-chart', x: round(x), y: 18, 'text-anchor': 'middle' }, span.nowLabel),
    )
  }
  return edge('clock', 24, parts, nodes)
}

/** Remarks about the whole device, in the hand, below the figures. */
export function drawMargin(parts: EdgeParts, remarks: readonly Remark[]): SVGElement {
  const { span, layout } = parts
  const toX = timeToX(layout, span)
  const nodes: (SVGElement | null)[] = []
  let taken = layout.axis
  for (const { start, end, text } of remarks.toSorted((a, b) => a.start - b.start)) {
    const left = Math.max(layout.axis, toX(start))
    const right = Math.min(layout.width, Math.max(toX(end), left + 3))
    if (right <= layout.axis || left >= layout.width) continue
    nodes.push(s('path', { class: 'bracket', d: `M${round(left)} 1V6H${round(right)}V1` }))
    const width = handWidth(text, 14)
    const place = [right + 6, left - 6 - width].find((x) => x >= taken && x + width <= layout.width)
    if (place === undefined) continue
    nodes.push(s('text', { class: 'hand size-body', x: round(place), y: 11 }, text))
    taken = Math.max(place + width + 12, right + 6)
  }
  return edge('margin', 18, parts, nodes)
}
