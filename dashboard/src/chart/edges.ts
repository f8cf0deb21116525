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

/** Lines of remarks below the figures; what has no room in them is in the list of causes and the crosshair's words. */
const marginLines = 3
const firstLinePx = 18
const nextLinePx = 16

interface Stretch {
  readonly left: number
  readonly right: number
}

/** Remarks about the whole device, in the hand: beside their bracket, or below it where another one stands. */
export function drawMargin(parts: EdgeParts, remarks: readonly Remark[]): SVGElement {
  const { span, layout } = parts
  const toX = timeToX(layout, span)
  const shown = remarks
    .map(({ start, end, text }) => {
      const left = Math.max(layout.axis, toX(start))
      return { text, left, right: Math.min(layout.width, Math.max(toX(end), left + 3)) }
    })
    .filter(({ left, right }) => right > layout.axis && left < layout.width)
    .toSorted((a, b) => a.left - b.left)
  const brackets = shown.map(({ left, right }) =>
    s('path', { class: 'bracket', d: `M${round(left)} 1V6H${round(right)}V1` }),
  )
  const lines: Stretch[][] = [[...shown]]
  const words = shown.flatMap(({ text, left, right }) => {
    const place = placeOf({ left, right }, handWidth(text, 14), lines, layout)
    if (!place) return []
    const y = 11 + (place.line > 0 ? place.line * nextLinePx + 2 : 0)
    return [s('text', { class: 'hand size-body', x: round(place.left), y }, text)]
  })
  const last = Math.max(
    0,
    lines.findLastIndex((line) => line.length > 0),
  )
  const height = firstLinePx + last * nextLinePx
  return edge('margin', height, parts, [...brackets, ...words])
}

/** The first free place of a remark's words, which is taken then. */
function placeOf(
  { left, right }: Stretch,
  width: number,
  lines: Stretch[][],
  layout: Layout,
): { left: number; line: number } | null {
  const centred = Math.max(layout.axis, Math.min(layout.width - width, (left + right - width) / 2))
  const beside = [right + 6, left - 6 - width]
  const below = [centred, left, right - width]
  for (let line = 0; line < marginLines; line++) {
    const taken = (lines[line] ??= [])
    for (const x of line === 0 ? beside : below) {
      if (x < layout.axis || x + width > layout.width) continue
      if (taken.some((other) => x < other.right + 5 && x + width > other.left - 5)) continue
      taken.push({ left: x, right: x + width })
      return { left: x, line }
    }
  }
  return null
}
