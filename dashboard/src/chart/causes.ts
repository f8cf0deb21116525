import { s } from '../dom.ts'
import { preciseSpan } from '../time/words.ts'
import { type Box, isWritten, type OverParts, touches } from './boxes.ts'
import { round, handWidth } from './layout.ts'

const ascentPx = 12
const descentPx = 4

/** Why values are missing, in the hand, in or beside their hatching where there is room; else only in the list. */
export function causes(parts: OverParts, taken: readonly Box[]): SVGElement[] {
  const { data, toX } = parts
  const { layout, heightPx } = data
  const size = layout.isCompact ? 13.5 : 14
  const used = [...taken]
  const nodes: SVGElement[] = []
  for (const gap of data.gaps) {
    const left = Math.max(layout.axis, toX(gap.start))
    const right = Math.min(layout.width, toX(gap.end))
    const text = `${gap.cause}, ${preciseSpan(gap.end - gap.start)}`
    const width = handWidth(text, size)
    // Words may reach beyond their hatching, but not far from it.
    if (!gap.cause || (right - left) * 3 < width) continue
    const x = Math.max(layout.axis + 6, Math.min(layout.width - width - 4, (left + right - width) / 2))
    const boxAt = (y: number): Box => ({
      left: x,
      right: x + width,
      top: y - ascentPx,
      bottom: y + descentPx,
    })
    const isFree = (box: Box) => !isWritten(parts, box) && !used.some((other) => touches(other, box))
    const y = [16, heightPx - 9, heightPx * 0.42, heightPx * 0.66].find((each) => isFree(boxAt(each)))
    if (y === undefined) continue
    used.push(boxAt(y))
    nodes.push(s('text', { class: 'hand on-paper size-body', x: round(x), y: round(y) }, text))
  }
  return nodes
}
