import { CodedError, type Kind, limits } from '@barograph/proto'
import type { DeviceDocument, StreamDocument } from '../documents.ts'
import { type MetricNames, metricNames } from '../metric-names.ts'
import { startOfDate } from '../plot/calendar.ts'
import { createZoning, type ZoneStretch } from '../sites.ts'
import type { Store } from '../store.ts'
import { badExport, type ExportRequest } from './request.ts'

const dayMs = 86_400_000
/** A year's window may begin so long before the earliest reading. */
const longestWindowMs = 367 * dayMs

export interface ExportMetric {
  readonly key: string
  readonly name: string
  readonly unit: string
  readonly kind: Kind
}

/** A sensor whose rows are wanted. */
export interface Source {
  readonly device: string
  readonly sensor: string
  /** from <= time < to */
  readonly from: number
  readonly to: number
  /** Which zone holds at the site at a time. */
  readonly zoneAt: (time: number) => ZoneStretch
  /** Metrics of this sensor that are wanted, by key. */
  readonly metrics: ReadonlyMap<string, ExportMetric>
}

export interface Sources {
  /** By device, then by sensor. */
  readonly sources: readonly Source[]
  /** Of all of them, each once, by name. */
  readonly metrics: readonly ExportMetric[]
}

/** Rejects with `unknown-device`, `unknown-sensor`, `unknown-metric` or `bad-export`. */
export async function findSources(
  store: Pick<Store, 'read' | 'devices' | 'streams'>,
  request: ExportRequest,
): Promise<Sources> {
  const { devices: names, sensors, metrics: wanted } = request
  const all = await store.devices()
  requireKnown(
    'device',
    names,
    all.map(({ device }) => device),
  )
  const chosen = all.filter(({ device }) => names === null || names.includes(device))
  const ofChosen = (await store.streams()).filter((stream) =>
    chosen.some(({ device }) => device === stream.device),
  )
  requireKnown(
    'sensor',
    sensors,
    ofChosen.map(({ sensor }) => sensor),
  )
  const streams = ofChosen.filter(({ sensor }) => sensors === null || sensors.includes(sensor))
  const nameOf = metricNames(new Set(streams.flatMap(({ metrics }) => Object.keys(metrics))))
  const found = metricsOf(streams, nameOf)
  requireKnown(
    'metric',
    wanted,
    found.map(({ name }) => name),
  )
  const metrics = found.filter(({ key, name }) => !wanted || wanted.includes(name) || wanted.includes(key))
  const byKey = new Map(metrics.map((metric) => [metric.key, metric]))
  const sources: Source[] = []
  for (const device of chosen) {
    const zoneAt = await zoningOf(store, device)
    const [from, to] = rangeOf(request, zoneAt)
    for (const stream of streams) {
      if (stream.device !== device.device) continue
      const own = Object.keys(stream.metrics).flatMap((key) => {
        const metric = byKey.get(key)
        return metric ? [[key, metric] as const] : []
      })
      if (wanted && own.length === 0) continue
      sources.push({ device: device.device, sensor: stream.sensor, from, to, zoneAt, metrics: new Map(own) })
    }
  }
  return { sources, metrics }
}

function metricsOf(streams: readonly StreamDocument[], nameOf: MetricNames): ExportMetric[] {
  const found = new Map<string, ExportMetric>()
  for (const { metrics } of streams)
    for (const [key, { unit, kind }] of Object.entries(metrics))
      found.set(key, { key, name: nameOf(key), unit, kind })
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function requireKnown(
  what: 'device' | 'sensor' | 'metric',
  names: readonly string[] | null,
  known: readonly string[],
): void {
  const list = [...new Set(known)]
  for (const name of names ?? [])
    if (!list.includes(name))
      throw new CodedError(`unknown-${what}`, `There is no ${what} "${name.slice(0, 63)}".`, {
        hint:
          list.length === 0
            ? 'nothing has been measured yet'
            : `there ${list.length === 1 ? 'is' : 'are'}: ${list.slice(0, 20).join(', ')}${list.length > 20 ? ' ...' : ''}`,
      })
}

/** A reading's local time is that of the day it counts in. */
async function zoningOf(
  store: Pick<Store, 'read'>,
  { sites, partition }: DeviceDocument,
): Promise<Source['zoneAt']> {
  const [settings] = await store.read('settings', [String(partition)])
  const zoning = createZoning(sites, settings?.history.at(-1)?.defaultTimeZone ?? 'UTC')
  return (time) => zoning('day', time)
}

function rangeOf({ from, to }: ExportRequest, zoneAt: Source['zoneAt']): [number, number] {
  const msOf = (time: ExportRequest['from'], otherwise: number): number =>
    time === null ? otherwise : time.isDate ? startOfDate(time.ms, zoneAt(time.ms).zone) : time.ms
  const range: [number, number] = [
    msOf(from, limits.earliestTimeMs - longestWindowMs),
    msOf(to, limits.latestTimeMs + 1),
  ]
  if (range[0] >= range[1])
    throw badExport('from is not before to: no time lies between them.', 'from earlier than to')
  return range
}
