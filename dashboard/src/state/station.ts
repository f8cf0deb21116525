import type { ApiDevice, ApiGaps } from '@barograph/proto/api'
import { isPresent } from '../present.ts'
import type { HatchedGap } from '../chart/strip-data.ts'
import { chooseLevel, levelsMs } from '../measure/level.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import { type Gap, gapsOf, type Point, pointsOf, type Window } from '../measure/series.ts'
import { count } from '../measure/format.ts'
import { preciseSpan } from '../time/words.ts'
import type { Remark } from '../chart/edges.ts'

/** The level in which a metric is drawn over a stretch. */
export function levelFor(metric: ShownMetric, spanMs: number, plotWidthPx: number) {
  return chooseLevel(
    spanMs,
    plotWidthPx,
    Math.max(metric.sensor.intervalMs, levelsMs[metric.sensor.finestLevel]),
  )
}

/** The newest value of a metric: from the newest reading, or, when that lacks it, from the windows. */
export function newestValue(
  metric: ShownMetric,
  windows: readonly Window[],
): { readonly time: number; readonly value: number; readonly isNewest: boolean } | null {
  const { newest } = metric.sensor
  const value = newest?.flags?.[metric.name]?.invalid ? undefined : newest?.values[metric.name]
  if (newest && value !== undefined) return { time: Date.parse(newest.time), value, isNewest: true }
  const last = windows.findLast(({ metrics }) => isPresent(metrics[metric.name]?.last))
  const before = last?.metrics[metric.name]?.last
  if (!last || !isPresent(before)) return null
  return {
    time: Math.min(last.end, newest ? Date.parse(newest.time) : last.end),
    value: before,
    isNewest: false,
  }
}

/** What is known of the reasons why a stretch of a device's readings is missing. */
export interface Causes {
  /** By sensor. */
  readonly told: ReadonlyMap<string, ApiGaps>
  readonly device: ApiDevice
}

/** The gaps of one metric, with causes; those of the whole device are said in the margin instead. */
export function hatched(
  metric: ShownMetric,
  points: readonly Point[],
  range: { from: number; to: number; now: number; levelMs: number },
  causes: Causes,
  ofDevice: readonly Gap[],
): HatchedGap[] {
  const gaps = missing(metric, points, range)
  return gaps.map((gap) => ({
    ...gap,
    isFaint: gap.end - gap.start <= range.levelMs,
    cause: ofDevice.some((other) => covers(other, gap)) ? '' : causeOf(gap, metric.sensor.id, causes).words,
  }))
}

const covers = (a: Gap, b: Gap): boolean => a.start <= b.start && a.end >= b.end

/** Where a metric has no windows. */
export function missing(
  metric: ShownMetric,
  points: readonly { start: number; end: number }[],
  range: { from: number; to: number; now: number; levelMs: number },
): Gap[] {
  const { oldest, intervalMs } = metric.sensor
  return gapsOf(points, {
    from: range.from,
    to: Math.min(range.to, range.now),
    begun: oldest ? Date.parse(oldest) : null,
    overdueMs: Math.max(3 * intervalMs, range.levelMs),
  })
}

/** Stretches in which no sensor of the device wrote anything. */
export function deviceGaps(all: readonly (readonly Gap[])[]): Gap[] {
  const [first, ...others] = all
  if (!first) return []
  return others.reduce<Gap[]>(
    (common, gaps) =>
      common.flatMap((a) =>
        gaps
          .map((b) => ({ start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) }))
          .filter(({ start, end }) => end > start),
      ),
    [...first],
  )
}

/** Why a stretch is missing, in words, as far as anybody said. */
export function causeOf(
  gap: Gap,
  sensor: string,
  { told, device }: Causes,
): { words: string; isTold: boolean } {
  const known = told.get(sensor)
  const pause = known?.pauses.find(({ start, end }) => overlaps(gap, start, end))
  if (pause) return { words: pauseWords(pause), isTold: true }
  const lost = known?.gaps.find(({ after, before }) => overlaps(gap, after, before))
  if (lost) return { words: lossWords(lost), isTold: true }
  if (known?.ahead.some(({ after }) => overlaps(gap, after, null)))
    return { words: 'on its way', isTold: true }
  const current = device.sensors.find(({ id }) => id === sensor)?.fault
  if (current && Date.parse(current.since) <= gap.end) return { words: faultWords(current), isTold: true }
  return { words: 'sensor silent', isTold: false }
}

function overlaps(gap: Gap, start: string | null, end: string | null): boolean {
  const from = start ? Date.parse(start) : Number.NEGATIVE_INFINITY
  const to = end ? Date.parse(end) : Number.POSITIVE_INFINITY
  return from < gap.end && to > gap.start
}

function pauseWords({ kind, code, detail }: ApiGaps['pauses'][number]): string {
  if (kind === 'off') return 'agent off'
  return kind === 'stop' ? `stopped: ${detail || code || 'agent ended'}` : faultWords({ code, detail })
}

const faultWords = ({ code, detail }: { code: string; detail: string }): string =>
  `sensor fault: ${detail || code.replaceAll('-', ' ')}`

function lossWords({ cause, reason, count: readings }: ApiGaps['gaps'][number]): string {
  const many = `${count(readings)} readings`
  if (cause === 'lost') return `declared lost: ${reason || 'no reason given'}, ${many}`
  if (cause === 'refused') return `refused: ${reason || 'no reason given'}, ${many}`
  return cause === 'on-its-way' ? 'on its way' : `${many} missing, cause not known`
}

/** Remarks in the margin: the device wrote nothing, or windows were revised by late readings. */
export function remarksOf(gaps: readonly Gap[], causes: Causes, points: readonly Point[]): Remark[] {
  const sensors = causes.device.sensors.map(({ id }) => id)
  const off = gaps.map((gap) => {
    const told = sensors.map((id) => causeOf(gap, id, causes)).find(({ isTold }) => isTold)
    const words = told?.words ?? 'no readings'
    const comma = /[.?!]$/.test(words) ? '' : ','
    return { ...gap, text: `${words}${comma} ${preciseSpan(gap.end - gap.start)}` }
  })
  return [...off, ...revisions(points)]
}

function revisions(points: readonly Point[]): Remark[] {
  const remarks: { start: number; end: number; text: string }[] = []
  for (const { start, end, revision } of points) {
    if (revision === 0) continue
    const last = remarks.at(-1)
    if (last && start <= last.end) last.end = end
    else remarks.push({ start, end, text: '' })
  }
  return remarks.map((remark) => ({
    ...remark,
    text: `revised: ${preciseSpan(remark.end - remark.start)} of readings came late`,
  }))
}

/** Points of a metric, with the gusts that belong to the wind in its band. */
export function pointsFor(metric: ShownMetric, windows: readonly Window[]): Point[] {
  return pointsOf(windows, metric.name, gustOf(metric))
}

/** The metric whose highs are drawn in this one's band. */
export function gustOf({ name, sensor }: ShownMetric): string | undefined {
  return name === 'windSpeed' && sensor.metrics['windGust'] ? 'windGust' : undefined
}
