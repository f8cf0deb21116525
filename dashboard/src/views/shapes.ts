import { s } from '../dom.ts'

/** What the shapes tell apart; colour never does. */
export type ShapeName = 'live' | 'half' | 'open' | 'diamond' | 'triangle'

const drawings: Readonly<Record<ShapeName, () => SVGElement[]>> = {
  live: () => [s('circle', { r: 3.6, class: 'ink-fill' })],
  half: () => [
    s('circle', { r: 3.6, class: 'ink-stroke', 'stroke-width': 1.5 }),
    s('path', { d: 'M0-3.6A3.6 3.6 0 0 1 0 3.6Z', class: 'ink-fill' }),
  ],
  open: () => [s('circle', { r: 3.8, class: 'ink-stroke', 'stroke-width': 1.5 })],
  diamond: () => [s('path', { d: 'M0-4.6 4.6 0 0 4.6-4.6 0Z', class: 'ink-stroke', 'stroke-width': 1.5 })],
  triangle: () => [s('path', { d: 'M0-4.8 5 4H-5Z', class: 'ink-fill' })],
}

/** A state's shape, 11 px. */
export function shape(name: ShapeName): SVGElement {
  return s('svg', { class: 'shape', viewBox: '-5.5 -5.5 11 11', 'aria-hidden': 'true' }, drawings[name]())
}

/** An arrow of a step back or forward. */
export function stepArrow(direction: 'back' | 'forward'): SVGElement {
  const d = direction === 'back' ? 'M13 6H2M6 2 2 6l4 4' : 'M1 6h11M8 2l4 4-4 4'
  return s(
    'svg',
    { width: 14, height: 12, viewBox: '0 0 14 12', 'aria-hidden': 'true' },
    s('path', { d, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6 }),
  )
}

/** The product's mark: a dip between two rules, and the pen. */
export function brandMark(): SVGElement {
  return s(
    'svg',
    { viewBox: '0 0 22 22', 'aria-hidden': 'true', class: 'ink-pressure' },
    s('path', { d: 'M1 3.5H21M1 18.5H21', class: 'rule-3', 'stroke-width': 1.4 }),
    s('path', {
      d: 'M1.5 6.5 6 8 9.5 15.5 13 9 15 7.5',
      class: 'c-stroke',
      'stroke-width': 2,
      'stroke-linejoin': 'round',
    }),
    s('path', { d: 'M15 7.5 21.5 4.6V10.4Z', class: 'c-fill' }),
  )
}

/** Hatching for marks in SVG; drawn once, used by class. */
export function hatchDefinitions(): SVGElement {
  const pattern = (id: string, isOver: boolean) =>
    s(
      'pattern',
      { id, width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      isOver ? null : s('rect', { class: 'hatch-paper', width: 5, height: 5 }),
      s('path', { class: 'hatch-pen', d: 'M0 0V5' }),
    )
  return s(
    'svg',
    { width: 0, height: 0, class: 'unseen', 'aria-hidden': 'true' },
    s('defs', {}, pattern('hatch', false), pattern('hatch-over', true)),
  )
}
