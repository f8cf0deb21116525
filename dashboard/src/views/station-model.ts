import type { ApiDevice } from '@barograph/proto/api'
import type { Span } from '../chart/layout.ts'
import { levelsMs } from '../measure/level.ts'
import { defaultMetric, metricsOf } from '../measure/metrics.ts'
import { tendencyOf } from '../measure/tendency.ts'
import { isPresent } from '../present.ts'
import type { Before } from '../state/before.ts'
import type { History } from '../state/history.ts'
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
import { clock, fullDate } from '../time/words.ts'
import { dayMs } from '../time/zone.ts'
import type { Context } from './context.ts'
import type { DrumModel } from './drum.ts'
import type { Notice } from './notice.ts'
import type { ReadingModel } from './reading.ts'
import { isWriting, newestTime, oldestTime } from './status.ts'
import { causeSentences, type Drawn, qualifierOf, remarkOf, sentenceOf, totalOf } from './station-words.ts'

/** Everything the station reads. */
export interface StationSources {
  readonly history: History
  readonly before: Before
  readonly told: Told
}

/** Turns what is known of a device into what its drum shows. */
export interface StationModel {
  read(context: Context, device: ApiDevice, span: Span, plotWidthPx: number): Drawn[]
  model(context: Context, device: ApiDevice, span: Span, drawn: readonly Drawn[]): DrumModel
  /** Says so when the stretch holds nothing, and leads to where there is something. */
  emptyNotice(drawn: readonly Drawn[], span: Span, context: Context, device: ApiDevice): Notice | null
}

/** Strips above the registers; the others are below the fold. */
export const mainStrips = 4

/** Makes it from where history, tendencies and causes come from. */
export function createStationModel({ history, before, told }: StationSources): StationModel {
  function read(context: Context, device: ApiDevice, span: Span, plotWidthPx: number): Drawn[] {
    return metricsOf(device, context.settings.units).map((metric) => {
      const level = levelFor(metric, span.to - span.from, plotWidthPx)
      const levelMs = levelsMs[level]
      // Asked for in round stretches, so that a moving now does not ask again each second.
      const grain = Math.max(levelMs * 50, 60_000)
      const from = Math.floor((span.from - levelMs) / grain) * grain
      const to = (Math.floor((span.now ?? span.to) / grain) + 2) * grain
      const windows = history.windows({ device: device.id, sensor: metric.sensor.id, level, from, to })
      const inside = windows.filter(({ start, end }) => end > span.from && start < span.to)
      return { metric, windows: inside, points: pointsFor(metric, inside), level, levelMs }
    })
  }

  function model(context: Context, device: ApiDevice, span: Span, drawn: readonly Drawn[]): DrumModel {
    const { now, zone, place } = context
    const ids = device.sensors.map(({ id }) => id)
    const causes: Causes = {
      device,
      told: told.of(device.id, ids, span.from, span.to),
      levels: new Map(drawn.map(({ metric, level }) => [metric.sensor.id, level])),
    }
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
        isLifted: !isWriting(context.model.live, device, metric.sensor, now),
        isBlank: false,
        rangeKey: `${device.id} ${place.range} ${place.to} ${metric.unit}`,
        sentence: sentenceOf(metric, points, span, zone),
      }
    })
    const remarks = remarksOf(
      ofDevice,
      causes,
      drawn.flatMap(({ points }) => points),
    )
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
    const { now, zone, place, go } = context
    const { live } = context.model
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
      isPresent(value) && isPresent(time) ? { value, when: clock(time, zone) } : null
    const isOld = !isWriting(live, device, metric.sensor, now) || newest?.isNewest === false
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

  function emptyNotice(
    drawn: readonly Drawn[],
    span: Span,
    { zone, go }: Context,
    device: ApiDevice,
  ): Notice | null {
    const isEmpty = drawn.length > 0 && drawn.every(({ points }) => points.length === 0)
    const isAnswered = drawn.every(({ metric, level }) =>
      history.isLoaded({
        device: device.id,
        sensor: metric.sensor.id,
        level,
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
    const there = isAfter ? newest : (oldestTime(device) ?? newest)
    return {
      mark: '',
      text: `No readings from ${stretch}. The ${isAfter ? 'last' : 'first'} is from ${fullDate(zone.dayOf(there))}, ${clock(there, zone)}.`,
      action: {
        name: isAfter ? 'go to the last' : 'go to the first',
        act: () => go({ to: isAfter ? there + 1 : there + (span.to - span.from) * 0.9 }),
      },
    }
  }

  return { read, model, emptyNotice }
}

/** Room for today in any zone. */
function aroundToday(now: number): { from: number; to: number } {
  const from = Math.floor(now / dayMs) * dayMs
  return { from: from - 2 * dayMs, to: from + 3 * dayMs }
}
