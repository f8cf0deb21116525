import { formatTime } from '../../core/iso-time.ts'
import { metricNames } from '../../core/metric-names.ts'
import { rollupView } from '../../core/rollup-view.ts'
import { isKept } from '../../core/windows.ts'
import {
  type DeviceDocument,
  levels,
  type RollupDocument,
  type StreamDocument,
} from '../../core/documents.ts'
import type { Store } from '../../core/store.ts'
import type { Context } from '../context.ts'
import { deviceParams, noParameters } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'
import { findDevice } from '../streams.ts'
import { deviceView, nowOf } from '../views/devices.ts'

/** Which devices there are, how they are, and their newest window. */
export function deviceRoutes({ store, now }: Context): Route[] {
  return [
    defineRoute({
      path: '/api/v1/devices',
      summary: 'Every device',
      params: noParameters,
      query: noParameters,
      answer: schemas.devices,
      handle: async () => {
        const at = now()
        const fleet = await readFleet(store)
        return {
          now: formatTime(at),
          devices: fleet.map(({ device, streams }) => deviceView(device, streams, at)),
        }
      },
    }),
    defineRoute({
      path: '/api/v1/devices/{device}',
      summary: 'One device',
      params: deviceParams,
      query: noParameters,
      answer: schemas.device,
      statuses: { 404: 'There is no such device' },
      handle: async ({ device: id }) => {
        const device = await findDevice(store, id)
        return deviceView(device, await store.streams(id), now())
      },
    }),
    defineRoute({
      path: '/api/v1/latest',
      summary: 'The newest window of the finest level kept, of every device',
      description:
        'Small: what a widget polls. 10 s for most; a sensor that is scheduled more rarely has longer ones.',
      params: noParameters,
      query: noParameters,
      answer: schemas.latest,
      handle: async () => {
        const at = now()
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
      },
    }),
  ]
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
