import type { ApiDevice } from '@barograph/proto/api'
import type { Span } from '../chart/layout.ts'
import { h, morph, s, show } from '../dom.ts'
import { compassPoint } from '../measure/format.ts'
import { levelsMs, levelWords } from '../measure/level.ts'
import { defaultMetric, metricsOf, type ShownMetric } from '../measure/metrics.ts'
import type { Point, Window } from '../measure/series.ts'
import { tendencyOf } from '../measure/tendency.ts'
import type { Before } from '../state/before.ts'
import type { History } from '../state/history.ts'
import { spanOf } from '../state/span.ts'
import {
  type Causes,
  deviceGaps,
  gustOf,
  hatched,
  levelFor,
  missing,
  newestValue,
  pointsFor,
  remarksOf,
} from '../state/station.ts'
import type { Told } from '../state/told.ts'
import { clock, fullDate, moment, preciseSpan, weekdayAndDay } from '../time/words.ts'
import { dayMs, type Zone } from '../time/zone.ts'
import type { Context } from './context.ts'
import { deliveryView } from './delivery.ts'
import { createDrum, type DrumModel } from './drum.ts'
import { footSettings } from './head.ts'
import type { Notice } from './notice.ts'
import type { ReadingModel } from './reading.ts'
import { createRegisters } from './registers.ts'
import { capital, faultWords, isLive, nameOf, newestTime, nowLabel, staleWords } from './status.ts'
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

/** Everything the station reads. */
export interface StationSources {
  readonly history: History
  readonly before: Before
  readonly told: Told
}

interface Drawn {
  readonly metric: ShownMetric
  readonly points: readonly Point[]
  readonly windows: readonly Window[]
  readonly levelMs: number
}

/** Makes the station's view. */
export function createStation(sources: StationSources): Station {
  const { history, before, told } = sources
  const drumOptions = { group: 'drum', widthPx: () => element.clientWidth, onPoint: hover }
  const drum = createDrum(drumOptions)
  const rest = createDrum(drumOptions)
  const tools = h('div', { class: 'tools' })
  const table = h('div')
  const registers = createRegisters(history)
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
  let last: {
    context: Context
    device: ApiDevice
    drawn: readonly Drawn[]
    span: Span
    model: DrumModel
  } | null = null

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
    const flag = time === null ? null : flagOf(time, last.context.zone)
    drum.point(time, flag)
    if (!restBox.hidden) rest.point(time, flag)
  }

  function windowAt(time: number): { start: number; end: number } | null {
    const levelMs = last?.drawn[0]?.levelMs
    if (!last || !levelMs) return null
    const found = last.drawn.flatMap(
      ({ points }) => points.find(({ start, end }) => time >= start && time < end) ?? [],
    )[0]
    if (found) return found
    const start = Math.floor(time / levelMs) * levelMs
    return { start, end: start + levelMs }
  }

  function flagOf(time: number, zone: Zone): { time: number; text: string } | null {
    const window = windowAt(time)
    if (!window) return null
    const { start, end } = window
    const day = zone.dayOf(start)
    const isDays = end - start >= 20 * 3_600_000
    const last = zone.dayOf(end - 1)
    const text = isDays
      ? last === day
        ? `${weekdayAndDay(day)}, ${fullDate(day)}`
        : `${fullDate(day)} to ${fullDate(last)}`
      : `${weekdayAndDay(day)}, ${clock(start, zone)} to ${clock(end, zone)}`
    return { time: (start + end) / 2, text }
  }

  function read(context: Context, device: ApiDevice, span: Span): Drawn[] {
    const plotWidthPx = drum.plotWidthPx()
    return metricsOf(device, context.settings.units).map((metric) => {
      const level = levelFor(metric, span.to - span.from, plotWidthPx)
      const levelMs = levelsMs[level]
      // Asked for in round stretches, so that a moving now does not ask again each second.
      const grain = Math.max(levelMs * 50, 60_000)
      const from = Math.floor((span.from - levelMs) / grain) * grain
      const to = (Math.floor((span.now ?? span.to) / grain) + 2) * grain
      const windows = history.windows({ device: device.id, sensor: metric.sensor.id, level, from, to })
      const inside = windows.filter(({ start, end }) => end > span.from && start < span.to)
      return { metric, windows: inside, points: pointsFor(metric, inside), levelMs }
    })
  }

  function update(context: Context, device: ApiDevice): void {
    const { place, now, model, zone } = context
    const isLost = model.live.phase === 'waiting'
    const starts = device.sensors.flatMap(({ oldest }) => (oldest ? [Date.parse(oldest)] : []))
    const span = spanOf({
      range: place.range,
      to: place.to,
      now,
      oldest: starts.length ? Math.min(...starts) : null,
      nowLabel: nowLabel(isLost, now, zone),
    })
    const drawn = read(context, device, span)
    const model_ = drumModel(context, device, span, drawn)
    last = { context, device, drawn, span, model: model_ }
    morph(tools, toolsView(context, legendOf(drawn)))
    drumBox.hidden = place.isTable
    restBox.hidden = place.isTable || drawn.length <= mainStrips
    table.hidden = !place.isTable
    if (place.isTable) show(table, tableView(drawn, zone, captionOf(device, drawn, span, zone)))
    else {
      drum.update(part(model_, 0, mainStrips))
      rest.update(part(model_, mainStrips, Number.POSITIVE_INFINITY))
      point()
    }
    registers.update(
      context,
      device,
      drawn.map(({ metric }) => metric),
    )
    show(way, deliveryView(model.delivery?.devices.get(device.id) ?? null))
    show(foot, footSettings(context))
  }

  function drumModel(context: Context, device: ApiDevice, span: Span, drawn: readonly Drawn[]): DrumModel {
    const { now, zone, place } = context
    const ids = device.sensors.map(({ id }) => id)
    const causes: Causes = { device, told: told.of(device.id, ids, span.from, span.to) }
    const range = (levelMs: number) => ({ from: span.from, to: span.to, now, levelMs })
    const ofDevice = deviceGaps(
      drawn.map(({ metric, points, levelMs }) => missing(metric, points, range(levelMs))),
    )
    const strips = drawn.map(({ metric, points, windows, levelMs }) => {
      const newest = newestValue(metric, windows)
      return {
        metric,
        points,
        hasGusts: gustOf(metric) !== undefined,
        gaps: hatched(metric, points, range(levelMs), causes, ofDevice),
        tip: newest?.isNewest ? newest : null,
        isLifted: !isLive(context.model.live, device, now),
        isBlank: false,
        rangeKey: `${device.id} ${place.range} ${place.to} ${metric.unit}`,
        sentence: sentenceOf(metric, points, span, zone),
      }
    })
    const remarks = remarksOf(ofDevice, causes, drawn[0]?.points ?? [])
    return {
      strips,
      readings: drawn.map((each, i) =>
        readingOf(context, device, each, i === mainStrips - 1 || i === drawn.length - 1),
      ),
      span,
      zone,
      remarks,
      causes: causeSentences(strips, remarks, zone, now),
      flag: null,
      heights: null,
    }
  }

  function readingOf(
    context: Context,
    device: ApiDevice,
    { metric, windows }: Drawn,
    isLast: boolean,
  ): ReadingModel {
    const { now, zone, place, go, model } = context
    const newest = newestValue(metric, windows)
    const { fault } = metric.sensor
    const day = history
      .windows({ device: device.id, sensor: metric.sensor.id, level: 'day', ...aroundToday(now) })
      .find(({ start, end }) => now >= start && now < end)?.metrics[metric.name]
    const query = {
      device: device.id,
      sensor: metric.sensor.id,
      metric: metric.name,
      intervalMs: metric.sensor.intervalMs,
    }
    const earlier = newest?.isNewest ? before.value({ ...query, time: newest.time }) : null
    const at = (value: number | null | undefined, time: number | null | undefined) =>
      value == null || time == null ? null : { value, when: clock(time, zone) }
    const isOld = !isLive(model.live, device, now) || newest?.isNewest === false
    return {
      metric,
      qualifier: qualifierOf(metric),
      value: fault ? null : (newest?.value ?? null),
      isOld,
      fault: fault ? 'sensor fault' : null,
      tendency: tendencyOf(metric.name, newest?.isNewest ? newest.value : null, earlier),
      low: at(day?.low, day?.lowAt),
      high: at(day?.high, day?.highAt),
      remark: remarkOf(metric, newest, fault !== null, now, zone) || totalOf(metric, day?.value),
      isPicked: (place.metric ?? defaultMetric(metricsOf(device, context.settings.units))) === metric.name,
      isLast,
      onPick: () => go({ metric: metric.name }),
    }
  }

  return {
    element,
    update,
    notices({ now, zone }, device) {
      const found = faultWords(device, now, zone) ?? staleWords(device, now, zone)
      const notices: Notice[] = found ? [{ mark: found.mark, text: found.rest, action: null }] : []
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

  /** Hours for the table, the day for low and high: two days around now. */
  function aroundToday(now: number): { from: number; to: number } {
    const from = Math.floor(now / dayMs) * dayMs
    return { from: from - 2 * dayMs, to: from + 3 * dayMs }
  }

  function emptyNotice(
    drawn: readonly Drawn[],
    span: Span,
    { zone, go, place }: Context,
    device: ApiDevice,
  ): Notice | null {
    const isEmpty = drawn.length > 0 && drawn.every(({ points }) => points.length === 0)
    const isAnswered = drawn.every(({ metric }) =>
      history.isLoaded({
        device: device.id,
        sensor: metric.sensor.id,
        level: levelFor(metric, span.to - span.from, drum.plotWidthPx()),
        from: span.from,
        to: span.now ?? span.to,
      }),
    )
    if (!isEmpty || !isAnswered) return null
    const stretch = `${fullDate(zone.dayOf(span.from))}, ${clock(span.from, zone)} to ${fullDate(zone.dayOf(span.to))}, ${clock(span.to, zone)}`
    const newest = newestTime(device)
    if (newest === null)
      return { mark: '', text: `No readings from ${stretch}. This device has not written yet.`, action: null }
    const isAfter = newest < span.from
    const starts = device.sensors.flatMap(({ oldest }) => (oldest ? [Date.parse(oldest)] : []))
    const there = isAfter ? newest : Math.min(...starts)
    const range = place.range === 'all' ? {} : { range: place.range }
    return {
      mark: '',
      text: `No readings from ${stretch}. The ${isAfter ? 'last' : 'first'} is from ${fullDate(zone.dayOf(there))}, ${clock(there, zone)}.`,
      action: {
        name: isAfter ? 'go to the last' : 'go to the first',
        act: () => go({ ...range, to: isAfter ? there + 1 : there + (span.to - span.from) * 0.9 }),
      },
    }
  }
}

/** Strips above the registers; the others are below the fold. */
const mainStrips = 4

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

function legendOf(drawn: readonly Drawn[]): string {
  const first = drawn[0]
  const level = Object.entries(levelsMs).find(([, ms]) => ms === first?.levelMs)?.[0] as
    | keyof typeof levelWords
    | undefined
  return level ? `line: ${levelWords[level]}; band: lowest to highest` : ''
}

function captionOf(device: ApiDevice, drawn: readonly Drawn[], span: Span, zone: Zone): string {
  const end = span.now ?? span.to
  return `${nameOf(device)}, ${legendOf(drawn).split(';')[0]?.replace('line: ', '')}s from ${fullDate(zone.dayOf(span.from))}, ${clock(span.from, zone)} to ${fullDate(zone.dayOf(end))}, ${clock(end, zone)}, newest first`
}

function qualifierOf({ name, sensor }: ShownMetric): string {
  const direction = name === 'windSpeed' ? sensor.newest?.values['windDirection'] : undefined
  return direction === undefined ? '' : `from ${compassPoint(direction)}, ${Math.round(direction)}°`
}

function remarkOf(
  metric: ShownMetric,
  newest: { time: number; value: number; isNewest: boolean } | null,
  isFaulty: boolean,
  now: number,
  zone: Zone,
): string {
  if (!newest) return isFaulty ? 'no reading yet' : 'waiting for the first reading'
  if (isFaulty)
    return `last good ${metric.figureAndUnit(newest.value)} at ${moment(newest.time, now, zone)}, ${preciseSpan(now - newest.time)} ago`
  return newest.isNewest ? '' : `last measured ${moment(newest.time, now, zone)}`
}

function totalOf(metric: ShownMetric, sum: number | null | undefined): string {
  return metric.kind === 'total' && sum != null ? `${metric.figureAndUnit(sum)} since midnight` : ''
}

function sentenceOf(metric: ShownMetric, points: readonly Point[], span: Span, zone: Zone): string {
  const end = span.now ?? span.to
  const stretch = `${metric.label} from ${fullDate(zone.dayOf(span.from))}, ${clock(span.from, zone)} to ${fullDate(zone.dayOf(end))}, ${clock(end, zone)}`
  if (points.length === 0) return `${stretch}: no readings.`
  const low = Math.min(...points.map((point) => point.low))
  const high = Math.max(...points.map((point) => point.high))
  return `${stretch}: lowest ${metric.figureAndUnit(low)}, highest ${metric.figureAndUnit(high)}. The table has every figure.`
}

function causeSentences(
  strips: DrumModel['strips'],
  remarks: DrumModel['remarks'],
  zone: Zone,
  now: number,
): string[] {
  const stretch = (start: number, end: number) =>
    `${moment(start, now - dayMs * 3, zone)} to ${clock(end, zone)}`
  const ofStrips = strips.flatMap(({ metric, gaps }) =>
    gaps
      .filter(({ cause, isFaint }) => cause && !isFaint)
      .map(({ start, end, cause }) => ({
        start,
        text: `${stretch(start, end)}: ${metric.label.toLowerCase()}, ${cause}.`,
      })),
  )
  const ofDevice = remarks.map(({ start, end, text }) => ({
    start,
    text: `${stretch(start, end)}: ${text}.`,
  }))
  return [...ofStrips, ...ofDevice]
    .toSorted((a, b) => b.start - a.start)
    .slice(0, 12)
    .map(({ text }) => capital(text))
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
