import { metricKey, type Run, type Site } from '@barograph/proto'
import type { Cache } from '../cache.ts'
import { settingsAt, sitesAt } from '../device.ts'
import { createZoning, type ZoneStretch } from '../sites.ts'
import { type Level, levels, type Position, type StoredFigures, type StreamDocument } from '../documents.ts'
import { figuresOf } from '../figures.ts'
import { rollupId, streamId } from '../identity.ts'
import type { Contribution, RollupKey } from '../rollup.ts'
import { isKept, nominalMs, partLevel, type Window, windowAt } from '../windows.ts'
import { loaded } from './needs.ts'

/** Readings of one run that fall into the same window at every level. */
export interface Portion {
  readonly contribution: Contribution
  readonly windows: readonly PortionWindow[]
}

/** A portion, and which entries of its run it is of: from <= i < to. */
export interface RunPortion extends Portion {
  readonly from: number
  readonly to: number
}

export interface PortionWindow {
  readonly id: string
  readonly key: RollupKey
  /** Start of the shorter window that they fall into. */
  readonly partStart: number
}

/** Which windows the readings of one interval belong to. */
export interface Windowing {
  at(time: number): Here
}

interface Here {
  /** Bounds within which every level's window stays the same. */
  readonly start: number
  readonly end: number
  readonly kept: readonly PortionWindow[]
}

/** What decides it: the sensor, and what was known of its device and of the partition at a place of the log. */
export interface WindowRules {
  readonly device: string
  readonly sensor: string
  readonly intervalMs: number
  readonly sites: ReturnType<typeof sitesAt>
  readonly settings: ReturnType<typeof settingsAt>
  /** Of the device's windows. */
  readonly set: number
  /** By level: windows that end at or before are expired, and take nothing any more. */
  readonly expiredBefore: StreamDocument['expiredBefore']
}

/** The rules of the record at `at`, which may bring a site itself. */
export function rulesAt({
  cache,
  partition,
  device,
  sensor,
  intervalMs,
  at,
  site,
}: {
  readonly cache: Cache
  readonly partition: number
  readonly device: string
  readonly sensor: string
  readonly intervalMs: number
  readonly at: Position
  readonly site: Site | null
}): WindowRules {
  return {
    device,
    sensor,
    intervalMs,
    sites: sitesAt(cache.devices.get(device)?.state ?? null, site, cache.zonedAt(device, at)),
    settings: settingsAt(cache.settings.get(String(partition))?.state ?? null, at, device),
    set: cache.setOf(device),
    expiredBefore: loaded(cache.streams.get(streamId(device, sensor))).expiredBefore,
  }
}

/** The kept windows around an instant; asks the calendar only when a window is left. */
export function createWindowing({
  device,
  sensor,
  intervalMs,
  sites,
  settings,
  set,
  expiredBefore,
}: WindowRules): Windowing {
  const keptLevels = levels.filter((level) => settings.levels.includes(level) && isKept(level, intervalMs))
  const zoning = createZoning(sites, settings.defaultTimeZone)
  const recent = new Map<Level, LevelWindow>()

  function levelWindow(level: Level, time: number): LevelWindow {
    const known = recent.get(level)
    if (known && isInside(known.window, time) && isInside(known.part, time)) return known
    const stretch = zoning(level, time)
    const part = partLevel[level]
    const window = clipped(windowAt(level, time, stretch.zone), stretch)
    const its = {
      level,
      window,
      part: part ? clipped(windowAt(part, time, stretch.zone), stretch) : window,
      timeZone: stretch.zone.name,
    }
    recent.set(level, its)
    return its
  }

  return {
    at(time: number): Here {
      const all = keptLevels.map((level) => levelWindow(level, time))
      const isExpired = ({ level, window }: LevelWindow): boolean =>
        window.end <= (expiredBefore[level] ?? Number.NEGATIVE_INFINITY)
      return {
        start: Math.max(...all.map(({ part }) => part.start)),
        end: Math.min(...all.map(({ part }) => part.end)),
        kept: all
          .filter((its) => !isExpired(its))
          .map(({ level, window, part, timeZone }) => ({
            id: rollupId(device, sensor, level, window.start, set),
            key: { device, sensor, level, set, window, timeZone },
            partStart: partLevel[level] ? part.start : 0,
          })),
      }
    },
  }
}

/** A window, and the part of it around an instant: itself where it has none. */
interface LevelWindow {
  readonly level: Level
  readonly window: Window
  readonly part: Window
  readonly timeZone: string
}

const isInside = ({ start, end }: Window, time: number): boolean => start <= time && time < end

/** No window goes beyond a change of its level's zone. */
const clipped = ({ start, end }: Window, { from, to }: ZoneStretch): Window => ({
  start: Math.max(start, from),
  end: Math.min(end, to),
})

/** The windows of a minute of thinned readings: shorter ones than itself are not kept for them. */
export function minuteWindows(windowing: Windowing, start: number): PortionWindow[] {
  return windowing.at(start).kept.filter(({ key }) => nominalMs[key.level] >= nominalMs['1m'])
}

/** The entries of a run that `counts` admits, by window. */
export function portionsOf(windowing: Windowing, run: Run, counts: Uint8Array): RunPortion[] {
  const portions: RunPortion[] = []
  let from = 0
  while (from < counts.length) {
    if (counts[from] === 0) {
      from++
      continue
    }
    const windows = windowing.at(run.times[from] as number)
    let to = from
    let received = 0
    for (; to < counts.length; to++) {
      if (counts[to] === 0) continue
      const time = run.times[to] as number
      if (time < windows.start || time >= windows.end) break
      received++
    }
    const figures = new Map<string, StoredFigures>()
    for (const column of run.columns) {
      const found = figuresOf(column, run.times, from, to, counts)
      if (found) figures.set(metricKey(column.metric), found)
    }
    const contribution = { received, intervalMs: run.intervalMs, figures }
    portions.push({ contribution, windows: windows.kept, from, to })
    from = to
  }
  return portions
}
