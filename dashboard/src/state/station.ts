import type { ApiDevice, ApiGaps } from '@barograph/proto/api'
import { isPresent } from '../present.ts'
import type { HatchedGap } from '../chart/strip-data.ts'
import { chooseLevel, type Level, levelsMs } from '../measure/level.ts'
import type { ShownMetric } from '../measure/metrics.ts'
import { type Gap, gapsOf, type Point, pointsOf, sealedWords, type Window } from '../measure/series.ts'
import { count, counted } from '../measure/format.ts'
import { preciseSpan, span } from '../time/words.ts'
import { isReplayed } from './model.ts'
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
  /** By sensor: the level that is drawn. */
  readonly levels: ReadonlyMap<string, Level>
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
  { told, device, levels }: Causes,
): { words: string; isTold: boolean } {
  const known = told.get(sensor)
  const here = device.sensors.find(({ id }) => id === sensor)
  const level = levels.get(sensor)
  const expired = level && here?.expiredBefore[level]
  if (expired && gap.end <= Date.parse(expired)) return { words: 'removed by retention', isTold: true }
  const pause = known?.pauses.find(({ start, end }) => overlaps(gap, start, end))
  if (pause) return { words: pauseWords(pause), isTold: true }
  const lost = known?.gaps.find(({ after, before }) => overlaps(gap, after, before))
  if (lost) return { words: lossWords(lost), isTold: true }
  if (known?.ahead.some(({ after }) => overlaps(gap, after, null)))
    return { words: 'on its way', isTold: true }
  const current = here?.fault
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
  if (cause === 'refused' && reason === 'expired') return `removed by retention, ${many}`
  if (cause === 'refused') return `refused: ${reason.replaceAll('-', ' ') || 'no reason given'}, ${many}`
  return cause === 'on-its-way' ? 'on its way' : `${many} missing, cause not known`
}

/** Remarks in the margin: the device wrote nothing, windows were revised by late readings, or are sealed. */
export function remarksOf(gaps: readonly Gap[], causes: Causes, points: readonly Point[]): Remark[] {
  const sensors = causes.device.sensors.map(({ id }) => id)
  const off = gaps.map((gap) => {
    const told = sensors.map((id) => causeOf(gap, id, causes)).find(({ isTold }) => isTold)
    const words = told?.words ?? 'no readings'
    const comma = /[.?!]$/.test(words) ? '' : ','
    return { ...gap, text: `${words}${comma} ${preciseSpan(gap.end - gap.start)}` }
  })
  return [...off, ...revisions(points, causes), ...seals(points, causes)]
}

/** Windows of any metric in unbroken stretches. */
function stretchesOf(points: readonly Point[]): { start: number; end: number; count: number }[] {
  const stretches: { start: number; end: number; count: number }[] = []
  const byStart = [...new Map(points.map((point) => [point.start, point])).values()]
  for (const { start, end } of byStart.toSorted((a, b) => a.start - b.start)) {
    const last = stretches.at(-1)
    if (last && start <= last.end) {
      last.end = Math.max(last.end, end)
      last.count++
    } else stretches.push({ start, end, count: 1 })
  }
  return stretches
}

function revisions(points: readonly Point[], causes: Causes): Remark[] {
  return stretchesOf(points.filter(({ revision }) => revision > 0)).map(({ start, end, count }) => {
    const lateMs = latenessOf({ start, end }, causes)
    const late = lateMs === null ? 'late' : `up to ${span(lateMs)} late`
    return { start, end, text: `${counted(count, 'window')} revised: readings came ${late}` }
  })
}

/** How late the readings of a stretch came, as the gaps that healed there tell; null: they do not. */
function latenessOf(stretch: Gap, { told, device }: Causes): number | null {
  if (isReplayed(device)) return null
  const all = [...told.values()]
    .flatMap(({ healed }) => healed)
    .filter(({ after, before }) => after !== null && before !== null && overlaps(stretch, after, before))
    .map(({ healedAt, after }) => Date.parse(healedAt) - Math.max(stretch.start, Date.parse(after ?? '')))
  return all.length > 0 ? Math.max(0, ...all) : null
}

function seals(points: readonly Point[], { device }: Causes): Remark[] {
  const sealed = points.filter((point) => point.sealed)
  const zone = device.site?.timeZone ?? 'UTC'
  return stretchesOf(sealed).map(({ start, end }) => {
    const inside = sealed.filter((point) => point.start >= start && point.end <= end)
    return { start, end, text: `${sealedWords(inside, zone)}: readings removed by retention` }
  })
}

/** Points of a metric, with the gusts that belong to the wind in its band. */
export function pointsFor(metric: ShownMetric, windows: readonly Window[]): Point[] {
  return pointsOf(windows, metric.name, gustOf(metric))
}

/** The metric whose highs are drawn in this one's band. */
export function gustOf({ name, sensor }: ShownMetric): string | undefined {
  return name === 'windSpeed' && sensor.metrics['windGust'] ? 'windGust' : undefined
}
