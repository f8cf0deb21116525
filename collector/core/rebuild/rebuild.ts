import { CodedError } from '@barograph/proto'
import type { Log } from '../log.ts'
import type { Store } from '../store.ts'
import { type DeviceOptions, type DeviceOutcome, rebuildDevice, type RebuildStore } from './rebuild-device.ts'

/** How far a rebuild is. */
export interface RebuildProgress {
  readonly device: string
  /** Of `devices`, counted from 1. */
  readonly number: number
  readonly devices: number
  /** Raw buckets of all devices that were looked at, out of how many. */
  readonly buckets: number
  readonly ofBuckets: number
}

export interface RebuildOptions extends Pick<DeviceOptions, 'isDry' | 'clock' | 'signal' | 'reached'> {
  readonly store: RebuildStore & Pick<Store, 'deviceNames'>
  readonly log: Pick<Log, 'partitionOf'>
  /** Only this one; null: all. */
  readonly device: string | null
  /** A new random word each time. */
  readonly makeToken: () => string
  readonly progress: (progress: RebuildProgress) => void
}

/**
 * Makes the windows of all devices anew, one device after the other, and yields what became of each. Broken off, it has
 * done some devices and left the others as they were: it can be run again at any time.
 */
export async function* rebuildAll(options: RebuildOptions): AsyncGenerator<DeviceOutcome> {
  const { store, log, device: only, makeToken, progress } = options
  const names = await store.deviceNames()
  if (only !== null && !names.includes(only))
    throw new CodedError('no-such-device', `Nothing is stored of a device ${only}.`, {
      hint: names.length > 0 ? `There are: ${names.slice(0, 20).join(', ')}` : 'Nothing is stored at all.',
    })
  const devices = only === null ? names : [only]
  let ofBuckets = 0
  for (const device of devices) ofBuckets += await store.bucketCount(device)
  let before = 0
  for (const [i, device] of devices.entries()) {
    const place = { device, number: i + 1, devices: devices.length, ofBuckets }
    progress({ ...place, buckets: before })
    let ofDevice = 0
    yield await rebuildDevice({
      ...options,
      device,
      partition: log.partitionOf(device),
      token: makeToken(),
      progress(done, total) {
        ofDevice = total
        progress({ ...place, buckets: before + done })
      },
    })
    before += ofDevice
  }
}
