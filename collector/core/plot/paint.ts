import type { PlotTheme } from './request.ts'

/** The page's tokens: [light, dark]. */
const tokens = {
  paper: ['#FBFCFA', '#0E1412'],
  ink: ['#16201B', '#E8EEEA'],
  'ink-2': ['#4A5751', '#A9B8B0'],
  'rule-0': ['#EDF5EF', '#141E1A'],
  'rule-1': ['#D8E8DD', '#1B2A24'],
  'rule-2': ['#B2CFBC', '#2D443A'],
  'rule-3': ['#729F84', '#56786A'],
  pressure: ['#47289B', '#B197FF'],
  temperature: ['#BF3E0F', '#FF8250'],
  humidity: ['#00727C', '#35C2C4'],
  wind: ['#4F4506', '#EDE29A'],
  hatch: ['#7A9285', '#6C8578'],
} as const
export type Ink = keyof typeof tokens

const opacities = { band: ['.22', '.26'], bars: ['.28', '.28'] } as const
type Opacity = keyof typeof opacities

const fonts = {
  upright: "'Barlow Semi Condensed','Roboto Condensed','Helvetica Neue',Arial,sans-serif",
  hand: "Newsreader,Georgia,'Times New Roman',serif",
} as const

interface Paint {
  readonly fill?: Ink
  readonly stroke?: Ink
  readonly opacity?: Opacity
}

type Attributes = Readonly<Record<string, string | number | undefined>>

/**
 * Writes SVG. Colours are attributes, so that it shows in any program; for a reader who likes it dark a style beside them
 * says others. No script, no font, no id: any number of them stand in one page.
 */
export interface Painter {
  element(
    name: string,
    attributes: Attributes & { readonly paint?: never },
    paint?: Paint,
    content?: string,
  ): string
  text(
    words: string,
    place: { readonly x: number; readonly y: number },
    look: {
      readonly size: number
      readonly ink: Ink
      readonly anchor?: 'start' | 'middle' | 'end'
      readonly weight?: 500 | 600
      readonly hand?: boolean
      /** A rim of paper, for figures on lines. */
      readonly rim?: boolean
    },
  ): string
  /** Of what was painted until now; empty unless the theme follows the reader. */
  style(): string
}

export function createPainter(theme: PlotTheme): Painter {
  const side = theme === 'dark' ? 1 : 0
  const used = new Map<string, string>()

  function paintOf({ fill, stroke, opacity }: Paint): Attributes {
    const classes: string[] = []
    const note = (name: string, rule: string): void => {
      if (theme !== 'auto') return
      classes.push(name)
      used.set(name, rule)
    }
    if (fill) note(`bg-f-${fill}`, `fill:${tokens[fill][1]}`)
    if (stroke) note(`bg-s-${stroke}`, `stroke:${tokens[stroke][1]}`)
    if (opacity) note(`bg-o-${opacity}`, `fill-opacity:${opacities[opacity][1]}`)
    return {
      class: classes.length > 0 ? classes.join(' ') : undefined,
      fill: fill ? tokens[fill][side] : 'none',
      stroke: stroke && tokens[stroke][side],
      'fill-opacity': opacity && opacities[opacity][side],
    }
  }

  function element(name: string, attributes: Attributes, paint?: Paint, content?: string): string {
    const all = { ...attributes, ...(paint ? paintOf(paint) : {}) }
    const written = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}="${typeof value === 'number' ? px(value) : escapeXml(String(value))}"`)
      .join('')
    return content === undefined ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`
  }

  return {
    element,
    text(words, { x, y }, { size, ink, anchor, weight, hand, rim }) {
      const attributes = {
        x,
        y,
        'font-size': size,
        'font-family': hand ? fonts.hand : undefined,
        'font-style': hand ? 'italic' : undefined,
        'font-weight': weight,
        'text-anchor': anchor === 'start' ? undefined : anchor,
        ...(rim ? { 'stroke-width': 3.5, 'stroke-linejoin': 'round', 'paint-order': 'stroke' } : {}),
      }
      return element('text', attributes, { fill: ink, ...(rim ? { stroke: 'paper' } : {}) }, escapeXml(words))
    },
    style() {
      const rules = [...used].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, rule]) => `.${name}{${rule}}`)
      return theme === 'auto' ? `<style>@media (prefers-color-scheme:dark){${rules.join('')}}</style>` : ''
    },
  }
}

export const uprightFont: string = fonts.upright

/** A tenth of a pixel is enough, and the same on every machine. */
export function px(value: number): string {
  const rounded = Math.round(value * 10) / 10
  return String(rounded === 0 ? 0 : rounded)
}

/** Anybody's words as text of XML: what XML cannot hold becomes a replacement character. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Room that words take, as far as one can know without their font; rather too much. */
export const widthOf = (words: string, size: number): number => words.length * size * 0.54
