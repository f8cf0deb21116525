import type { ApiLatest } from '@barograph/proto/api'
import {
  type DeviceDocument,
  levels,
  type RollupDocument,
  type StreamDocument,
} from '../../core/documents.ts'
import { formatTime } from '../../core/iso-time.ts'
import { metricNames } from '../../core/metric-names.ts'
import { rollupView } from '../../core/rollup-view.ts'
import type { Store } from '../../core/store.ts'
import { isKept } from '../../core/windows.ts'
import { deviceView, nowOf } from './devices.ts'

/** The newest window of each sensor of each device: what GET /api/v1/latest answers, and what files.latest holds. */
export async function readLatest(
  store: Pick<Store, 'devices' | 'streams' | 'newestRollup'>,
  at: number,
): Promise<ApiLatest> {
  const fleet = await readFleet(store)
  const devices = []
  for (const { device, streams } of fleet) {
    const { site, status } = deviceView(device, streams, at)
    const own = nowOf(device, streams, at)
    const sensors = []
    for (const stream of streams) {
      const rollup = await newestWindow(store, stream)
      const nameOf = metricNames(Object.keys(stream.metrics))
      sensors.push({ sensor: stream.sensor, window: rollup && rollupView(rollup, nameOf, own) })
    }
    devices.push({ device: device.device, site: site?.name ?? '', status, sensors })
  }
  return { now: formatTime(at), devices }
}

interface FleetMember {
  readonly device: DeviceDocument
  readonly streams: readonly StreamDocument[]
}

/** Every device with its streams. */
export async function readFleet(store: Pick<Store, 'devices' | 'streams'>): Promise<FleetMember[]> {
  const byDevice = Map.groupBy(await store.streams(), (stream) => stream.device)
  return (await store.devices()).map((device) => ({ device, streams: byDevice.get(device.device) ?? [] }))
}

/** Of the finest level that holds one: levels may have been switched off. */
async function newestWindow(
  store: Pick<Store, 'newestRollup'>,
  { device, sensor, intervalMs }: StreamDocument,
): Promise<RollupDocument | null> {
  for (const level of levels) {
    const rollup = isKept(level, intervalMs) ? await store.newestRollup(device, sensor, level) : null
    if (rollup) return rollup
  }
  return null
}
