// A store of windows alone, cut from hourly readings as the fold would, for tests of plots.
import type { Kind } from '@barograph/proto'
import type { DeviceDocument, Level, RollupDocument, StreamDocument } from '../../documents.ts'
import { noFigures } from '../../figures.ts'
import { origin } from '../../position.ts'
import { contribute, newRollup, type Rollup } from '../../rollup.ts'
import type { Store } from '../../store.ts'
import { partLevel, windowAt } from '../../windows.ts'
import { zoneOf } from '../../zone.ts'
import type { PlotRequest } from '../request.ts'

export interface Sample {
  readonly time: number
  readonly value: number
}

interface Made {
  readonly device: string
  readonly samples: readonly Sample[]
  readonly timeZone?: string
  readonly site?: string
  readonly metric?: { readonly name: string; readonly unit: string; readonly kind: Kind }
  readonly intervalMs?: number
  readonly levels?: readonly Level[]
  readonly expiredBefore?: StreamDocument['expiredBefore']
}

const hourMs = 3_600_000
const temperature = { name: 'temperature', unit: 'degC', kind: 'level' } as const

export function windowStore(
  ...devices: readonly Made[]
): Pick<Store, 'read' | 'devices' | 'streams' | 'rollups' | 'newestRollup'> {
  const windows = devices.flatMap(windowsOf)
  const ofLevel = (device: string, level: Level) =>
    windows.filter((one) => one.device === device && one.level === level)
  return {
    read: async (_collection, ids) => ids.map(() => null),
    devices: async () => devices.map(deviceOf),
    streams: async (device) => devices.filter((one) => !device || one.device === device).map(streamOf),
    async rollups({ device, level, from, to, limit, cursor }) {
      const all = ofLevel(device, level).filter(({ start }) => start >= from && start < to)
      const first = Number(cursor ?? 0)
      return {
        items: all.slice(first, first + limit),
        cursor: first + limit < all.length ? String(first + limit) : null,
      }
    },
    newestRollup: async (device, _sensor, level) => ofLevel(device, level).at(-1) ?? null,
  }
}

export const asked = (more: Partial<PlotRequest> = {}): PlotRequest => ({
  metric: 'temperature',
  devices: null,
  of: null,
  level: null,
  from: null,
  to: null,
  months: null,
  years: null,
  theme: 'auto',
  band: true,
  title: null,
  ...more,
})

/** A sample each hour from then on. */
export const hourly = (start: number, values: readonly (number | null)[]): Sample[] =>
  values.flatMap((value, i) => (value === null ? [] : [{ time: start + i * hourMs, value }]))

function windowsOf({
  device,
  samples,
  timeZone = 'UTC',
  metric = temperature,
  intervalMs = hourMs,
  levels = ['hour', 'day', 'week', 'month', 'year'],
}: Made): RollupDocument[] {
  const zone = zoneOf(timeZone)
  return levels.flatMap((level) => {
    const found = new Map<number, Rollup>()
    for (const { time, value } of samples) {
      const window = windowAt(level, time, zone)
      let rollup = found.get(window.start)
      if (!rollup) {
        rollup = newRollup({ device, sensor: 's', level, set: 0, window, timeZone }, origin)
        found.set(window.start, rollup)
      }
      const part = partLevel[level]
      const ends = {
        min: value,
        max: value,
        minAt: time,
        maxAt: time,
        first: value,
        last: value,
        firstAt: time,
        lastAt: time,
      }
      const figures = { ...noFigures(metric), count: 1, sum: value, ...ends }
      contribute(
        rollup,
        { received: 1, intervalMs, figures: new Map([[metric.name, figures]]) },
        part ? windowAt(part, time, zone).start : window.start,
      )
    }
    return [...found.values()].sort((a, b) => a.start - b.start)
  })
}

const deviceOf = ({ device, site = '', timeZone = 'UTC' }: Made): DeviceDocument => ({
  id: device,
  o: origin,
  device,
  partition: 0,
  sites: [
    { at: origin, version: 1, name: site, latitude: 0, longitude: 0, altitudeM: 0, timeZone, validFrom: 0 },
  ],
  online: true,
  statusAt: 0,
  agentVersion: '',
  location: '',
  state: '',
  batteryPercent: null,
  sensors: [],
  primary: [],
  lastIngest: 0,
  clock: 'synced',
  sealedUntil: {},
})

const streamOf = ({
  device,
  samples,
  metric = temperature,
  intervalMs = hourMs,
  expiredBefore = {},
}: Made): StreamDocument => ({
  id: `${device}/s`,
  o: origin,
  device,
  sensor: 's',
  largestTime: samples.at(-1)?.time ?? null,
  smallestTime: samples[0]?.time ?? null,
  intervalMs,
  metrics: { [metric.name]: { unit: metric.unit, kind: metric.kind } },
  latest: null,
  mark: null,
  lateRecords: 0,
  expiredBefore,
  lags: [],
})
