import type { ApiDevice } from '@barograph/proto/api'
import type { Span } from '../chart/layout.ts'
import { h, morph, show } from '../dom.ts'
import { type Gap, type Point, sealedWords } from '../measure/series.ts'
import { isPresent } from '../present.ts'
import { spanOf } from '../state/span.ts'
import { dayMs, type Zone } from '../time/zone.ts'
import type { Context } from './context.ts'
import { auditWords, deliveryView } from './delivery.ts'
import { createDrum, type DrumModel } from './drum.ts'
import { emptyDrum } from './empty-drum.ts'
import { footSettings } from './head.ts'
import type { Notice } from './notice.ts'
import { createRegisters } from './registers.ts'
import { createStationModel, mainStrips, type StationSources } from './station-model.ts'
import { captionOf, type Drawn, legendOf, windowWords } from './station-words.ts'
import { conflictWords, faultWords, nowLabel, oldestTime, quarantineWords, staleWords } from './status.ts'
import { tableView } from './table.ts'
import { toolsView } from './tools.ts'

/** The station: one device's drum, readings and registers. */
export interface Station {
  readonly element: HTMLElement
  update(context: Context, device: ApiDevice): void
  /** What there is to say of this device in a notice. */
  notices(context: Context, device: ApiDevice): Notice[]
  /** Arrows, Home, End, Escape. True: the key was taken. */
  press(key: string, isShift: boolean): boolean
}

/** The zone whose days a device's windows follow, whatever clock is shown. */
const siteZone = (device: ApiDevice): string => device.site?.timeZone ?? 'UTC'

/** Makes the station's view. */
export function createStation(sources: StationSources): Station {
  const { read, model: modelOf, emptyNotice } = createStationModel(sources)
  const drumOptions = { group: 'drum', widthPx: () => element.clientWidth, onPoint: hover }
  const drum = createDrum(drumOptions)
  const rest = createDrum(drumOptions)
  const tools = h('div', { class: 'tools' })
  const table = h('div')
  const registers = createRegisters(sources.history)
  const way = h('div')
  const foot = h('div')
  const drumBox = h(
    'div',
    {
      class: 'drum',
      tabindex: 0,
      role: 'group',
      'aria-label':
        'Drum. Left and Right move the crosshair by a window, with Shift by a day; Home and End to the ends; Escape removes it.',
      onclick: pin,
    },
    drum.element,
  )
  const element = h('main', {}, tools, drumBox, table, registers.element)
  const restBox = h('div', { class: 'rest' }, rest.element)
  element.append(way, restBox, foot)
  let hovered: number | null = null
  let last: { context: Context; device: ApiDevice; drawn: readonly Drawn[]; span: Span } | null = null

  function hover(time: number | null): void {
    hovered = time
    point()
  }

  function pin(): void {
    const window = hovered === null ? null : windowAt(hovered)
    if (window && last) last.context.go({ at: window.start })
  }

  function point(): void {
    if (!last) return
    const wanted = hovered ?? last.context.place.at
    const { from, to, now } = last.span
    const time = wanted !== null && wanted >= from && wanted <= (now ?? to) ? wanted : null
    const flag = time === null ? null : flagOf(time, last.context.zone, siteZone(last.device))
    drum.point(time, flag)
    if (!restBox.hidden) rest.point(time, flag)
  }

  function windowAt(time: number): Gap | Point | null {
    const levelMs = last?.drawn[0]?.levelMs
    if (!last || !levelMs) return null
    const found = last.drawn.flatMap(
      ({ points }) => points.find(({ start, end }) => time >= start && time < end) ?? [],
    )[0]
    if (found) return found
    const start = Math.floor(time / levelMs) * levelMs
    return { start, end: start + levelMs }
  }

  function flagOf(time: number, zone: Zone, siteZone: string): { time: number; text: string } | null {
    const window = windowAt(time)
    if (!window) return null
    const { start, end } = window
    const seal = 'sealed' in window ? sealedWords([window], siteZone) : ''
    return { time: (start + end) / 2, text: [windowWords(start, end, zone), seal].filter(Boolean).join(', ') }
  }

  function update(context: Context, device: ApiDevice): void {
    const { place, now, model, zone } = context
    const isLost = model.live.phase === 'waiting'
    const span = spanOf({
      range: place.range,
      to: place.to,
      now,
      oldest: oldestTime(device),
      nowLabel: nowLabel(isLost, now, zone),
    })
    const drawn = read(context, device, span, drum.plotWidthPx())
    last = { context, device, drawn, span }
    morph(tools, toolsView(context, legendOf(drawn)))
    drumBox.hidden = place.isTable
    restBox.hidden = place.isTable || drawn.length <= mainStrips
    table.hidden = !place.isTable
    if (place.isTable)
      show(
        table,
        tableView(drawn, { zone, siteZone: siteZone(device) }, captionOf(device, drawn, span, zone)),
      )
    else {
      // A device that has not written yet has its sheet ruled and its pens parked.
      const shown = modelOf(context, device, span, drawn)
      drum.update(
        drawn.length > 0 ? part(shown, 0, mainStrips) : emptyDrum(context, 'waiting for the first reading'),
      )
      rest.update(part(shown, mainStrips, Number.POSITIVE_INFINITY))
      point()
    }
    registers.update(
      context,
      device,
      drawn.map(({ metric }) => metric),
    )
    show(
      way,
      deliveryView(
        model.delivery?.devices.get(device.id) ?? null,
        auditWords(model.audit, context.localNow + model.aheadMs, zone),
      ),
    )
    show(foot, footSettings(context))
  }

  return {
    element,
    update,
    notices({ now, zone, model }, device) {
      const delivery = model.delivery?.devices.get(device.id) ?? null
      const found = [
        conflictWords(device, now, zone),
        faultWords(device, now, zone) ?? staleWords(device, now, zone),
        quarantineWords(delivery),
      ].filter(isPresent)
      const notices = found.map(({ mark, rest }): Notice => ({ mark, text: rest, action: null }))
      const empty = last && emptyNotice(last.drawn, last.span, last.context, device)
      return empty ? [...notices, empty] : notices
    },
    press(key, isShift) {
      const step = last?.drawn[0]?.levelMs
      if (!last || !step) return false
      const { context, span } = last
      const end = (span.now ?? span.to) - 1
      const at = context.place.at ?? end
      const moveTo: Record<string, number | null> = {
        ArrowLeft: at - (isShift ? dayMs : step),
        ArrowRight: at + (isShift ? dayMs : step),
        Home: span.from,
        End: end,
        Escape: null,
      }
      const target = moveTo[key]
      if (target === undefined) return false
      const inside = target === null ? null : Math.max(span.from, Math.min(end, target))
      context.go({ at: inside === null ? null : (windowAt(inside)?.start ?? inside) })
      return true
    },
  }
}

function part(model: DrumModel, from: number, to: number): DrumModel {
  const isFirst = from === 0
  return {
    ...model,
    strips: model.strips.slice(from, to),
    readings: model.readings.slice(from, to),
    remarks: isFirst ? model.remarks : [],
    causes: isFirst ? model.causes : [],
  }
}
