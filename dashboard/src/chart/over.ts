import { s, show } from '../dom.ts'
import { isPresent } from '../present.ts'
import { figure } from '../measure/format.ts'
import type { OverParts } from './boxes.ts'
import { causes } from './causes.ts'
import { extremes } from './extremes.ts'
import { round } from './layout.ts'
import { crosshairTag } from './tag.ts'
import { isMultiple, multiples } from './value-axis.ts'

/** Draws words, pens, tags and the line of now above a strip. */
export function drawOver(svg: SVGElement, parts: OverParts): void {
  const { data } = parts
  const { width } = data.layout
  const tag = crosshairTag(parts)
  const marked = extremes(parts, tag?.box ?? null)
  const taken = [tag?.box, ...marked.map(({ box }) => box)].filter(isPresent)
  const next = s('svg', {
    class: 'over',
    role: 'img',
    'aria-label': data.sentence,
    viewBox: `0 0 ${width} ${data.heightPx}`,
  })
  show(
    next,
    axisFigures(parts),
    causes(parts, taken),
    marked.map(({ nodes }) => nodes),
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
