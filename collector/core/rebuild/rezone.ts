import { isCoded } from '@barograph/proto'
import type { Log } from '../log.ts'
import type { DeviceDocument } from '../documents.ts'
import { isBefore } from '../position.ts'
import type { CurrentSet, Store } from '../store.ts'
import { rebuildDevice, type RebuildClock, type RebuildStore } from './rebuild-device.ts'

/** Between two looks for devices that wait, and before a device is tried again, ms. */
const lookMs = 1_000
const retryMs = 30_000

type Sited = Pick<DeviceDocument, 'rezone' | 'newestTime' | 'sites'>

/** Has a site come, since its windows were made, that cuts them in another way? */
export function isToRezone(device: Sited, current: CurrentSet | null): boolean {
  if (current === null && isOfOldCut(device)) return true
  return device.rezone !== undefined && !(current && isBefore(device.rezone, current.at))
}

/** An older program made its windows, and let them go on where another zone begins. */
const isOfOldCut = ({ newestTime, sites }: Sited): boolean =>
  newestTime === undefined && new Set(sites.map((site) => site.timeZone)).size > 1

/** Rebuilds devices by itself whose sites have changed back to a time of which there are windows. */
export interface Rezoning {
  /** This device is to be rebuilt; told any number of times. */
  note(device: string): void
  /** Until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

export function createRezoning({
  store,
  log,
  makeToken,
  clock,
  report,
}: {
  readonly store: RebuildStore & Pick<Store, 'devices'>
  readonly log: Pick<Log, 'partitionOf'>
  readonly makeToken: () => string
  readonly clock: RebuildClock
  /** It was done (null), or in words why it could not be. */
  readonly report: (device: string, trouble: string | null) => void
}): Rezoning {
  const waiting = new Set<string>()

  async function isDue(device: string): Promise<boolean> {
    const [document] = await store.read('devices', [device])
    const sets = await store.currentSets(log.partitionOf(device))
    return !!document && isToRezone(document, sets.find((one) => one.device === device) ?? null)
  }

  /** False: it is to be tried again. */
  async function rebuild(device: string, signal: AbortSignal): Promise<boolean> {
    const { state } = await rebuildDevice({
      store,
      partition: log.partitionOf(device),
      device,
      token: makeToken(),
      isDry: false,
      clock,
      signal,
      progress: () => {},
    })
    if (state === 'swapped') report(device, null)
    return state === 'swapped'
  }

  return {
    note: (device) => void waiting.add(device),
    async run(signal) {
      let isListed = false
      while (!signal.aborted) {
        let isDelayed = false
        try {
          // Those that a program before this one left undone.
          if (!isListed)
            for (const document of await store.devices())
              if (document.rezone || isOfOldCut(document)) waiting.add(document.device)
          isListed = true
        } catch (error) {
          // The rolls say what is the matter with the store.
          if (!isCoded(error) || !error.retryable) throw error
        }
        const devices = [...waiting]
        waiting.clear()
        for (const device of devices) {
          try {
            if (signal.aborted || !(await isDue(device)) || (await rebuild(device, signal))) continue
          } catch (error) {
            if (signal.aborted) return
            if (!isCoded(error)) throw error
            report(device, error.message)
          }
          waiting.add(device)
          isDelayed = true
        }
        await clock.sleep(isDelayed ? retryMs : lookMs, signal)
      }
    },
  }
}
