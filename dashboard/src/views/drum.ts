import { drawFoot, drawHead, drawMargin, type EdgeParts, type Remark } from '../chart/edges.ts'
import { type Layout, type Span, stripHeight } from '../chart/layout.ts'
import type { StripData } from '../chart/strip-data.ts'
import { createStrip, type Strip } from '../chart/strip.ts'
import { timeAxis } from '../chart/time-axis.ts'
import { h, morph, show } from '../dom.ts'
import type { Zone } from '../time/zone.ts'
import { type ReadingModel, readingView } from './reading.ts'

/** Everything on the drum and beside it. */
export interface DrumModel {
  readonly strips: readonly Omit<StripData, 'layout' | 'heightPx' | 'abovePx' | 'span' | 'zone'>[]
  readonly readings: readonly ReadingModel[]
  readonly span: Span
  readonly zone: Zone
  readonly remarks: readonly Remark[]
  /** Remarks, gaps and their causes for narrow pages, as sentences. */
  readonly causes: readonly string[]
  readonly flag: { readonly time: number; readonly text: string } | null
  /** px of each strip where it is not the usual one. */
  readonly heights: readonly number[] | null
}

/** The drum: strips of paper, their pens and what they write. */
export interface Drum {
  readonly element: HTMLElement
  update(model: DrumModel): void
  /** Moves the crosshair alone. */
  point(time: number | null, flag: DrumModel['flag']): void
  /** Width of a strip's plot as it is now, px. */
  plotWidthPx(): number
}

interface Row {
  readonly strip: Strip
  readonly plot: HTMLElement
  readonly top: HTMLElement
  readonly bottom: HTMLElement
  readonly reading: HTMLElement
}

const readingsWidth = (pageWidth: number): number => (pageWidth < 720 ? 0 : pageWidth < 1280 ? 236 : 292)

/** Makes the drum. `onPoint` hears where the pointer is; null: it left. */
export function createDrum(options: {
  group: string
  /** Width that the drum has, px, even while it is hidden. */
  widthPx: () => number
  onPoint: (time: number | null) => void
}): Drum {
  const element = h('div', { class: 'sheet', 'data-own': true })
  const head = h('div', { class: 'plot' })
  const foot = h('div', { class: 'plot' })
  const causes = h('ul', { class: 'causes hand' })
  let rows: Row[] = []
  let made = ''
  let last: { model: DrumModel; edges: EdgeParts } | null = null

  function layout(): Layout {
    const width = Math.max(160, Math.floor(options.widthPx() - readingsWidth(innerWidth)))
    const isCompact = innerWidth < 720
    return { width, axis: isCompact ? 28 : 46, isCompact }
  }

  function rebuild(model: DrumModel, isCompact: boolean): void {
    for (const { strip } of rows) strip.destroy()
    rows = model.strips.map(() => ({
      strip: createStrip(options),
      plot: h('div', { class: 'plot' }),
      top: h('div'),
      bottom: h('div'),
      reading: h('div'),
    }))
    const cells = rows.flatMap(({ plot, reading, strip, top, bottom }) => {
      plot.append(top, strip.element, bottom)
      const holder = h('div', {}, reading)
      return isCompact ? [holder, plot] : [plot, holder]
    })
    element.replaceChildren(...(isCompact ? [...cells, causes] : [head, h('div'), ...cells, foot, h('div')]))
  }

  function update(model: DrumModel): void {
    const shape = layout()
    const key = `${shape.isCompact} ${model.strips.map(({ metric }) => metric.name).join(' ')}`
    if (key !== made) rebuild(model, shape.isCompact)
    made = key
    const edges: EdgeParts = { ...model, layout: shape, axis: timeAxis(model.span, shape, model.zone) }
    last = { model, edges }
    let abovePx = 0
    rows.forEach((row, i) => {
      const strip = model.strips[i]
      const reading = model.readings[i]
      if (!strip || !reading) return
      const heightPx = model.heights?.[i] ?? stripHeight(strip.metric.size, shape.isCompact)
      row.strip.update({ ...strip, layout: shape, heightPx, abovePx, span: model.span, zone: model.zone })
      if (!shape.isCompact) abovePx += heightPx
      const holder = shape.isCompact ? row.plot.previousElementSibling : row.plot.nextElementSibling
      if (holder?.firstElementChild) morph(holder.firstElementChild, readingView(reading))
      if (shape.isCompact) {
        row.top.replaceChildren(drawHead(edges))
        row.bottom.replaceChildren(drawFoot(edges))
      }
    })
    if (shape.isCompact) {
      causes.hidden = model.causes.length === 0
      show(
        causes,
        model.causes.map((text) => h('li', {}, text)),
      )
    } else {
      head.replaceChildren(drawHead(edges))
      foot.replaceChildren(drawFoot(edges), drawMargin(edges, model.remarks))
    }
  }

  return {
    element,
    update,
    point(time, flag) {
      for (const { strip } of rows) strip.setCrosshair(time)
      if (!last) return
      const edges = { ...last.edges, flag }
      if (edges.layout.isCompact) rows[0]?.top.replaceChildren(drawHead(edges))
      else head.replaceChildren(drawHead(edges))
    },
    plotWidthPx() {
      const { width, axis } = layout()
      return width - axis
    },
  }
}
