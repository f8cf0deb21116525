/** The stretch of time a drum shows; ms since 1970. */
export interface Span {
  readonly from: number
  readonly to: number
  /** Where the pens stand; null: the drum is turned back. */
  readonly now: number | null
  /** What the line of now is called. */
  readonly nowLabel: string
}

/** Measures of a drum in CSS px. */
export interface Layout {
  readonly width: number
  /** Width of the margin with the value axis. */
  readonly axis: number
  readonly isCompact: boolean
}

/** From instants to px. */
export function timeToX({ width, axis }: Layout, { from, to }: Span): (time: number) => number {
  const pxPerMs = (width - axis) / (to - from)
  return (time) => axis + (time - from) * pxPerMs
}

/** The height of a strip, px. */
export function stripHeight(size: 'large' | 'middle' | 'small', isCompact: boolean): number {
  if (isCompact) return { large: 132, middle: 112, small: 84 }[size]
  return { large: 172, middle: 122, small: 78 }[size]
}

let context: CanvasRenderingContext2D | null | undefined

const upright = '"Barlow Semi Condensed", system-ui, sans-serif'
const hand = 'Newsreader, Georgia, serif'

function measure(text: string, font: string, sizePx: number): number {
  context ??= document.createElement('canvas').getContext('2d')
  if (!context) return text.length * sizePx * 0.46
  context.font = font
  return context.measureText(text).width
}

/** Width of a text in the page's upright face, px. */
export function textWidth(text: string, sizePx: number, weight = 400): number {
  return measure(text, `${weight} ${sizePx}px ${upright}`, sizePx)
}

/** Width of a text in the italic face, px. */
export function handWidth(text: string, sizePx: number): number {
  return measure(text, `italic ${sizePx}px ${hand}`, sizePx)
}

/** One decimal is enough for a path. */
export const round = (px: number): number => Math.round(px * 10) / 10
