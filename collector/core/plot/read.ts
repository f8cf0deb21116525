import { CodedError, type Kind, limits, metricByName, metricNameOf } from '@barograph/proto'
import { type DeviceDocument, type Level, levels, type StreamDocument } from '../documents.ts'
import { metricNames } from '../metric-names.ts'
import { placeOfMetric } from '../primary.ts'
import type { Store } from '../store.ts'
import { isKept, nominalMs, windowAt } from '../windows.ts'
import { type Zone, zoneOf } from '../zone.ts'
import { chosenSpans, dayMs, type Span, startOf, startOfDate } from './calendar.ts'
import { dailyOf, documentLevel, type Point, pointsOf } from './points.ts'
import { badPlot, levelsOfDays, type PlotOf, plotLimits, type PlotRequest, type PlotTime } from './request.ts'

/** One device's windows. */
export interface Series {
  readonly device: string
  readonly site: string
  readonly sensor: string
  readonly timeZone: string
  /** Ascending. */
  readonly points: readonly Point[]
}

/** All that is drawn. */
export interface PlotData {
  readonly metric: {
    readonly name: string
    readonly label: string
    readonly unit: string
    readonly kind: Kind
  }
  readonly of: PlotOf
  readonly level: Level
  /** The level that was asked for, when another one is drawn. */
  readonly insteadOf: Level | null
  readonly series: readonly Series[]
  /** Devices that have the metric and are not drawn. */
  readonly left: number
  /** The times that the axis shows, ascending; none when there is nothing. */
  readonly spans: readonly Span[]
  readonly zone: Zone
}

type PlotStore = Pick<Store, 'read' | 'devices' | 'streams' | 'rollups' | 'newestRollup'>

interface Source {
  readonly device: DeviceDocument
  readonly stream: StreamDocument
  readonly key: string
}

const page = 500

/**
 * Reads what a plot shows. Rejects with `unknown-device`, `unknown-metric` or `bad-plot`. `pause` lets others work between
 * two pages.
 */
export async function readPlot(
  store: PlotStore,
  request: PlotRequest,
  pause: () => Promise<void>,
): Promise<PlotData> {
  const all = await findSources(store, request)
  const sources = all.slice(0, plotLimits.devices)
  const [first] = sources
  if (!first) throw await unknownMetric(store, request)
  const described = first.stream.metrics[first.key] ?? { unit: '', kind: 'level' as const }
  // Another unit or kind under the same name is another metric.
  const alike = sources.filter(({ stream, key }) => {
    const own = stream.metrics[key]
    return own?.unit === described.unit && own.kind === described.kind
  })
  const name = metricNameOf(request.metric)
  const metric = { name, label: metricByName(name)?.label ?? name, ...described }
  const of = checkedOf(request, described.kind)
  const zone = zoneOf(await timeZoneOf(store, first.device))
  const span = spanOf(request, alike, zone)
  const candidates = span
    ? candidateLevels(request, of, alike, lengthOf(chosenSpans(span, request, zone)))
    : []
  const wanted = request.level
  let series: Series[] = alike.map((source) => seriesOf(source, [], zone.name))
  let spans: readonly Span[] = []
  let level = candidates[0] ?? wanted ?? 'month'
  for (const candidate of candidates) {
    level = candidate
    spans = span ? chosenSpans(aligned(span, request, candidate, zone), request, zone) : []
    series = []
    for (const source of alike)
      series.push(await readSeries(store, source, { of, level, spans, zone: zone.name, pause }))
    const isEmpty = series.every(({ points }) => points.length === 0)
    // Short windows may have expired, or are not kept: then longer ones tell what was.
    if (wanted !== null || !isEmpty || !(await isGone(store, alike, level, spans))) break
  }
  return {
    metric,
    of,
    level,
    insteadOf: wanted !== null && wanted !== level ? wanted : null,
    series,
    left: all.length - alike.length,
    spans,
    zone,
  }
}

async function findSources(store: PlotStore, { devices: names, metric }: PlotRequest): Promise<Source[]> {
  const known = await store.devices()
  for (const name of names ?? [])
    if (!known.some(({ device }) => device === name))
      throw new CodedError('unknown-device', `There is no device "${name.slice(0, 63)}".`, {
        hint: known.length > 0 ? listed(known.map(({ device }) => device)) : 'none has been heard of yet',
      })
  if (names && names.length > plotLimits.devices)
    throw badPlot(
      `${names.length} devices are named.`,
      `at most ${plotLimits.devices}: more cannot be told apart`,
    )
  const streams = Map.groupBy(await store.streams(), ({ device }) => device)
  const found: Source[] = []
  const wanted = names ? names.map((name) => known.find(({ device }) => device === name)) : known
  for (const device of wanted) {
    const place = device && placeOfMetric(device, streams.get(device.device) ?? [], metric)
    if (place) found.push({ device, ...place })
    else if (names && device)
      throw new CodedError('unknown-metric', `Device "${device.device}" has no ${metric.slice(0, 40)}.`, {
        hint: listed(namesOf(streams.get(device.device) ?? [])),
      })
  }
  return found
}

async function unknownMetric(store: PlotStore, { metric }: PlotRequest): Promise<CodedError> {
  const names = namesOf(await store.streams())
  return new CodedError('unknown-metric', `No device has a metric "${metric.slice(0, 40)}".`, {
    hint: names.length > 0 ? listed(names) : 'nothing has been measured yet',
  })
}

const namesOf = (streams: readonly StreamDocument[]): string[] =>
  [
    ...new Set(streams.flatMap(({ metrics }) => Object.keys(metrics).map(metricNames(Object.keys(metrics))))),
  ].sort()

const listed = (names: readonly string[]): string =>
  names.length > 20 ? `${names.slice(0, 20).join(', ')} ...` : names.join(', ')

/** As far as the kind of metric has it. */
function checkedOf({ of, metric, level }: PlotRequest, kind: Kind): PlotOf {
  const possible: Readonly<Record<Kind, readonly PlotOf[]>> = {
    level: ['mean', 'min', 'max', 'daily-mean', 'daily-max', 'daily-min'],
    total: ['sum', 'max', 'daily-sum', 'daily-max'],
    direction: ['mean'],
  }
  const chosen = of ?? (kind === 'total' ? 'sum' : 'mean')
  if (!possible[kind].includes(chosen))
    throw badPlot(`${metric} is a ${kind}: it has no ${chosen}.`, possible[kind].join(', '))
  if (dailyOf(chosen) && level !== null && !levelsOfDays.includes(level))
    throw badPlot(`A ${level} has no days, so no ${chosen}.`, `level ${levelsOfDays.join(', ')}`)
  return chosen
}

async function timeZoneOf(store: PlotStore, { sites, partition }: DeviceDocument): Promise<string> {
  const site = sites.at(-1)
  if (site) return site.timeZone
  const [settings] = await store.read('settings', [String(partition)])
  return settings?.history.at(-1)?.defaultTimeZone ?? 'UTC'
}

/** What was asked for, as far as there may be readings; null: there are none in it. */
function spanOf(request: PlotRequest, sources: readonly Source[], zone: Zone): Span | null {
  const { years, months, level } = request
  if (months && level === 'year')
    throw badPlot('Months are chosen, and a year is not made of some months.', 'level month, or no months')
  const firsts = sources.flatMap(({ stream }) => stream.smallestTime ?? [])
  const lasts = sources.flatMap(({ stream }) => stream.largestTime ?? [])
  const [firstYear, lastYear] = [years?.[0], years?.at(-1)]
  // A year that is named is shown whole.
  const from =
    timeOf(request.from, zone) ??
    (firstYear === undefined ? Math.min(...firsts) : startOf(firstYear, 1, 1, zone))
  const to =
    timeOf(request.to, zone) ??
    (lastYear === undefined ? Math.max(...lasts) + 1 : startOf(lastYear + 1, 1, 1, zone))
  if (from >= to && request.from !== null && request.to !== null)
    throw badPlot('from is not before to: no time lies between them.', 'from earlier than to')
  return from < to && Number.isFinite(from) && Number.isFinite(to) ? { from, to } : null
}

const timeOf = (time: PlotTime | null, zone: Zone): number | null =>
  time && (time.isDate ? startOfDate(time.ms, zone) : time.ms)

const lengthOf = (spans: readonly Span[]): number => spans.reduce((sum, { from, to }) => sum + to - from, 0)

/** Levels from the wanted one on whose windows can be told apart, the finest first. */
function candidateLevels(
  { level: wanted, months }: PlotRequest,
  of: PlotOf,
  sources: readonly Source[],
  lengthMs: number,
): Level[] {
  const interval = Math.min(...sources.map(({ stream }) => stream.intervalMs))
  const possible = (dailyOf(of) ? levelsOfDays : levels).filter((one) => !months || one !== 'year')
  const from = wanted === null ? 0 : Math.max(0, possible.indexOf(wanted))
  const fitting = possible
    .slice(from)
    .filter((one) => isKept(one, interval) && lengthMs / nominalMs[one] <= plotLimits.windows)
  return fitting.length > 0 ? fitting : possible.slice(-1)
}

/** Whole windows at the ends that nobody has named. */
function aligned({ from, to }: Span, request: PlotRequest, level: Level, zone: Zone): Span {
  return {
    from: timeOf(request.from, zone) ?? windowAt(level, from, zone).start,
    to: timeOf(request.to, zone) ?? windowAt(level, to - 1, zone).end,
  }
}

/** Nothing of this level is there any more, as far as these times are concerned. */
async function isGone(
  store: PlotStore,
  sources: readonly Source[],
  level: Level,
  spans: readonly Span[],
): Promise<boolean> {
  const first = spans[0]?.from ?? Number.POSITIVE_INFINITY
  for (const { device, stream } of sources) {
    if ((stream.expiredBefore[level] ?? Number.NEGATIVE_INFINITY) > first) return true
    if ((await store.newestRollup(device.device, stream.sensor, level)) !== null) return false
  }
  return true
}

async function readSeries(
  store: PlotStore,
  { device, stream, key }: Source,
  {
    of,
    level,
    spans,
    zone,
    pause,
  }: {
    of: PlotOf
    level: Level
    spans: readonly Span[]
    zone: string
    pause: () => Promise<void>
  },
): Promise<Series> {
  const points: Point[] = []
  // A window that begins before a span may lie in it for the most part.
  const margin = nominalMs[level] + 32 * dayMs
  const read = documentLevel(of, level)
  const documents = []
  for (const { from, to } of spans) {
    for (let cursor: string | null = null; ; ) {
      const { items, cursor: next } = await store.rollups({
        device: device.device,
        sensor: stream.sensor,
        level: read,
        from: Math.max(
          limits.earliestTimeMs - 400 * dayMs,
          from - (nominalMs[level] < dayMs ? nominalMs[level] : margin),
        ),
        to: read === level ? to : to + 366 * dayMs,
        limit: page,
        ...(cursor === null ? {} : { cursor }),
      })
      documents.push(...items)
      if (next === null) break
      cursor = next
      await pause()
    }
  }
  const unique = [...new Map(documents.map((one) => [one.id, one])).values()].sort(
    (a, b) => a.start - b.start,
  )
  for (const point of pointsOf(unique, { key, of, level })) {
    const middle = (point.start + point.end) / 2
    if (spans.some(({ from, to }) => from <= middle && middle < to)) points.push(point)
  }
  points.sort((a, b) => a.start - b.start)
  return seriesOf({ device, stream, key }, points, unique.at(-1)?.timeZone ?? zone)
}

const seriesOf = ({ device, stream }: Source, points: readonly Point[], timeZone: string): Series => ({
  device: device.device,
  site: device.sites.at(-1)?.name ?? '',
  sensor: stream.sensor,
  timeZone,
  points,
})
