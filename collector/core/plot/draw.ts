import { nominalMs } from '../windows.ts'
import type { Frame } from './frame.ts'
import { createPainter, escapeXml, px, uprightFont, widthOf } from './paint.ts'
import type { PlotData } from './read.ts'
import type { PlotRequest } from './request.ts'
import { drawSeries, looksOf, sampleOf } from './series.ts'
import { timeAxis, timeScale } from './time-axis.ts'
import { multiples, valueAxis } from './value-axis.ts'
import {
  bandWords,
  decimalsOfStep,
  emptyWords,
  figure,
  ofWords,
  remarksOf,
  sentenceOf,
  subtitleOf,
  titleOf,
  unitSign,
} from './words.ts'

const width = 880
const left = 60
const right = width - 26
const plotHeight = 256
const legendTop = 82
const rowPx = 20

/** The plot as SVG: the same data and request give the same bytes, on every machine and at any time. */
export function drawPlot(data: PlotData, { theme, band, title: named }: PlotRequest): string {
  const painter = createPainter(theme)
  const { metric, series, spans, zone, level } = data
  const looks = looksOf(data, band)
  const legend = layLegend(data, looks.hasBand, looks.hasGaps)
  const top = legendTop + legend.rows * rowPx + 22
  const bottom = top + plotHeight
  const shown = series.flatMap(({ points }) => points)
  const values = shown.flatMap(({ value, low, high }) =>
    looks.hasBand && low !== null && high !== null ? [value, low, high] : [value],
  )
  const axis = valueAxis(values, metric, plotHeight)
  const scale = timeScale(spans, left, right - left)
  const span = axis.high - axis.low || 1
  const frame: Frame = {
    left,
    right,
    top,
    bottom,
    scale,
    y: (value) => bottom - ((value - axis.low) / span) * plotHeight,
  }
  const title = named ?? titleOf(data)
  const remarks = remarksOf(data)
  const height = bottom + 54 + remarks.length * 18

  const parts: string[] = []
  const line = (
    x1: number,
    y1: number,
    x2: number,
    y2: number,
    ink: 'rule-1' | 'rule-2' | 'rule-3',
  ): void => {
    parts.push(painter.element('path', { d: `M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}` }, { stroke: ink }))
  }
  parts.push(painter.element('rect', { width, height }, { fill: 'paper' }))
  parts.push(painter.text(title, { x: left, y: 36 }, { size: 20, ink: 'ink', weight: 600 }))
  parts.push(painter.text(subtitleOf(data), { x: left, y: 59 }, { size: 14, ink: 'ink-2' }))

  // Rules first: what was measured lies on the paper.
  const decimals = decimalsOfStep(axis.major)
  const isEmpty = shown.length === 0
  if (!isEmpty)
    for (const value of multiples(axis.minor, axis.low, axis.high)) {
      const isMajor = value % axis.major === 0
      const isZero = value === 0 && axis.low < 0
      line(left, frame.y(value), right, frame.y(value), isZero ? 'rule-3' : isMajor ? 'rule-2' : 'rule-1')
      if (isMajor)
        parts.push(
          painter.text(
            figure(value, decimals),
            { x: left - 10, y: frame.y(value) + 4.5 },
            { size: 13, ink: 'ink-2', anchor: 'end' },
          ),
        )
    }
  if (spans.length > 0) {
    const times = timeAxis(scale, zone, nominalMs[level])
    for (const { time, isMajor } of times.rules)
      line(scale.x(time), top, scale.x(time), bottom + (isMajor ? 6 : 0), isMajor ? 'rule-3' : 'rule-1')
    for (const { from } of spans.slice(1)) line(scale.x(from), top, scale.x(from), bottom + 6, 'rule-3')
    for (const { time, label } of times.labels)
      parts.push(
        painter.text(
          label,
          { x: scale.x(time), y: bottom + 19 },
          { size: 13, ink: 'ink-2', anchor: 'middle' },
        ),
      )
    for (const { from, to, label } of times.names)
      parts.push(
        painter.text(
          label,
          { x: (scale.x(from) + scale.x(to)) / 2, y: bottom + 38 },
          { size: 13, ink: 'ink', weight: 500, anchor: 'middle' },
        ),
      )
  }
  line(left, bottom, right, bottom, 'rule-3')
  if (!isEmpty)
    parts.push(
      painter.text(
        unitSign(metric.unit),
        { x: left - 10, y: top - 12 },
        { size: 13, ink: 'ink-2', anchor: 'end' },
      ),
    )

  for (const entry of legend.entries) {
    parts.push(sampleOf(painter, entry.sample, looks, { x: entry.x, y: entry.y }))
    parts.push(painter.text(entry.words, { x: entry.x + 32, y: entry.y }, { size: 13, ink: 'ink' }))
  }
  parts.push(...drawSeries(painter, data, looks, frame))
  if (isEmpty)
    parts.push(
      painter.text(
        emptyWords(data),
        { x: (left + right) / 2, y: (top + bottom) / 2 },
        { size: 16, ink: 'ink-2', anchor: 'middle', hand: true },
      ),
    )
  for (const [i, remark] of remarks.entries())
    parts.push(
      painter.text(remark, { x: left, y: bottom + 60 + i * 18 }, { size: 14, ink: 'ink-2', hand: true }),
    )

  const sentence = sentenceOf(data)
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `role="img" aria-label="${escapeXml(`${title}. ${sentence}`)}" font-family="${escapeXml(uprightFont)}">`
  const names = `<title>${escapeXml(title)}</title>\n<desc>${escapeXml(sentence)}</desc>`
  const style = painter.style()
  return `${[head, names, ...(style === '' ? [] : [style]), ...parts, '</svg>'].join('\n')}\n`
}

interface LegendEntry {
  /** A number: of that series. */
  readonly sample: number | 'band' | 'gap'
  readonly words: string
  readonly x: number
  readonly y: number
}

function layLegend(
  { series, of, level }: PlotData,
  hasBand: boolean,
  hasGaps: boolean,
): { readonly entries: readonly LegendEntry[]; readonly rows: number } {
  const isOne = series.length === 1
  const named = series.map(({ device, sensor }, i) => ({
    sample: i,
    words: isOne ? `${ofWords(of, level)} (${device}, ${sensor})` : device,
  }))
  const wanted: { sample: LegendEntry['sample']; words: string }[] = [...named]
  if (hasBand) wanted.push({ sample: 'band', words: bandWords(of) })
  if (hasGaps) wanted.push({ sample: 'gap', words: 'nothing measured' })
  let [x, row] = [left, 0]
  const entries = wanted.map(({ sample, words }) => {
    const needed = 32 + widthOf(words, 13) + 22
    if (x > left && x + needed > right) [x, row] = [left, row + 1]
    const entry = { sample, words, x, y: legendTop + row * rowPx + 4 }
    x += needed
    return entry
  })
  return { entries, rows: row + 1 }
}
