/** The colours a canvas needs, as they are at the moment. */
export interface Inks {
  readonly paper: string
  readonly rules: readonly [string, string, string, string]
  readonly hatch: string
  readonly trace: string
  readonly band: string
  readonly dash: number[]
}

// With forced colours all traces are one colour: dashes keep them apart.
const dashes: Readonly<Record<string, number[]>> = {
  'ink-pressure': [],
  'ink-temperature': [8, 3],
  'ink-humidity': [2, 3],
  'ink-wind': [8, 3, 2, 3],
}

/** Reads the tokens where an element stands. */
export function readInks(element: Element, inkClass: string): Inks {
  const style = getComputedStyle(element)
  const token = (name: string) => style.getPropertyValue(name).trim()
  if (matchMedia('(forced-colors: active)').matches) {
    const rules = ['Canvas', 'GrayText', 'GrayText', 'CanvasText'] as const
    return {
      paper: 'Canvas',
      rules,
      hatch: 'CanvasText',
      trace: 'CanvasText',
      band: 'GrayText',
      dash: dashes[inkClass] ?? [],
    }
  }
  const trace = token('--c')
  return {
    paper: token('--paper'),
    rules: [token('--rule-0'), token('--rule-1'), token('--rule-2'), token('--rule-3')],
    hatch: token('--hatch'),
    trace,
    band: withOpacity(trace, Number(token('--band')) || 0.22),
    dash: [],
  }
}

/** A #rrggbb colour with an opacity. */
export function withOpacity(hex: string, opacity: number): string {
  const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16))
  return `rgb(${r} ${g} ${b} / ${opacity})`
}
