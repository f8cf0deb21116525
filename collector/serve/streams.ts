import type { DeviceDocument, StreamDocument } from '../core/documents.ts'
import { streamId } from '../core/identity.ts'
import type { Store } from '../core/store.ts'
import { nearest } from './nearest.ts'
import { createProblem } from './problem.ts'

type Reader = Pick<Store, 'read' | 'devices' | 'streams'>

/** The device of this id, or a problem that tells the nearest one there is. */
export async function findDevice(store: Reader, id: string): Promise<DeviceDocument> {
  const [device] = await store.read('devices', [id])
  if (device) return device
  throw await unknownDevice(store, id)
}

async function unknownDevice(store: Reader, id: string) {
  const ids = (await store.devices()).map((one) => one.device)
  return createProblem(
    'unknown-device',
    `There is no device "${id.slice(0, 63)}".`,
    listOf(id, ids, '/api/v1/devices'),
  )
}

/** The device and its stream; the stream is null while a sensor that the device named has sent nothing. */
export async function findStream(
  store: Reader,
  { device: id, sensor }: { device: string; sensor: string },
): Promise<{ device: DeviceDocument; stream: StreamDocument | null }> {
  const device = await findDevice(store, id)
  const [stream] = await store.read('streams', [streamId(id, sensor)])
  if (stream) return { device, stream }
  if (device.sensors.some((one) => one.sensor === sensor)) return { device, stream: null }
  const ids = (await store.streams(id)).map((one) => one.sensor)
  throw createProblem(
    'unknown-sensor',
    `Device "${id}" has no sensor "${sensor.slice(0, 63)}".`,
    listOf(sensor, ids, `/api/v1/devices/${id}`),
  )
}

const namesShown = 10

function listOf(word: string, names: readonly string[], where: string): string {
  const guess = nearest(word, names)
  if (guess) return `${guess}?`
  if (names.length === 0) return 'none has been heard of yet'
  return names.length <= namesShown ? names.join(', ') : `${names.length} are listed at ${where}`
}
