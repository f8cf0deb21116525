import { round } from '../chart/layout.ts'
import { s } from '../dom.ts'
import { type Point, runsOf } from '../measure/series.ts'

/** A small trace without axes, on its own scale; its newest value is a dot. */
export function sparkline(
  points: readonly Point[],
  { width, height, leastSpan, ink }: { width: number; height: number; leastSpan: number; ink: string },
): SVGElement {
  const svg = s('svg', {
    class: `spark ${ink}`,
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'aria-hidden': 'true',
  })
  const first = points[0]
  const last = points.at(-1)
  if (!first || !last || points.length < 2) return svg
  let low = Math.min(...points.map(({ value }) => value))
  let high = Math.max(...points.map(({ value }) => value))
  if (high - low < leastSpan) {
    const middle = (low + high) / 2
    low = middle - leastSpan / 2
    high = middle + leastSpan / 2
  }
  const x = (time: number) => 1 + ((time - first.start) / (last.start - first.start)) * (width - 6)
  const y = (value: number) => height - 3 - ((value - low) / (high - low || 1)) * (height - 6)
  const path = runsOf(points)
    .map(
      (run) =>
        run.map(({ start, value }, i) => `${i ? 'L' : 'M'}${round(x(start))} ${round(y(value))}`).join('') +
        (run.length === 1 ? 'h1.5' : ''),
    )
    .join('')
  svg.append(
    s('path', { class: 'c-stroke', 'stroke-width': 1.4, 'stroke-linejoin': 'round', d: path }),
    s('circle', { class: 'c-fill', cx: round(x(last.start)), cy: round(y(last.value)), r: 2 }),
  )
  return svg
}
