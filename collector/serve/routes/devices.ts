import { formatTime } from '../../core/iso-time.ts'
import type { Context } from '../context.ts'
import { deviceParams, noParameters } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'
import { findDevice } from '../streams.ts'
import { deviceView } from '../views/devices.ts'
import { readFleet, readLatest } from '../views/latest.ts'

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
      handle: () => readLatest(store, now()),
    }),
  ]
}
