import type { ApiGapCause } from '@barograph/proto/api'
import { conflictAt } from '../core/conflict.ts'
import type { DeviceDocument, EpochDocument } from '../core/documents.ts'
import type { Store } from '../core/store.ts'
import { gapsOf, openGapsOf } from './views/gaps.ts'

/** What all devices together lack at a moment. */
export interface GapFigures {
  /** By cause: ranges, numbers in them, and when the one that has been open for longest opened, ms; null: none is. */
  readonly causes: Readonly<
    Record<ApiGapCause, { readonly gaps: number; readonly missing: number; readonly since: number | null }>
  >
  /** Gaps that ever healed. */
  readonly healed: number
  /** Devices that two agents run as. */
  readonly conflicts: readonly DeviceDocument[]
}

export interface GapWatch {
  look(now: number): Promise<GapFigures>
}

/** Documents of one read. */
const changesPerRead = 1_000
const idsPerRead = 256

/**
 * Follows the store's changes, so that asking every few seconds does not read every epoch that ever was: in memory are
 * only those with an open gap, and how many healed in each.
 */
export function createGapWatch(store: Pick<Store, 'changes' | 'newestChange' | 'read'>): GapWatch {
  const open = new Map<string, EpochDocument>()
  const healed = new Map<string, number>()
  const contested = new Map<string, DeviceDocument>()
  let cursor = 0
  /** One after the other: two that read at once would set each other back. */
  let turn: Promise<unknown> = Promise.resolve()

  async function catchUp(): Promise<void> {
    // An older copy of the store was put in its place: what was followed is not its past.
    if ((await store.newestChange()) < cursor) {
      for (const known of [open, healed, contested]) known.clear()
      cursor = 0
    }
    for (;;) {
      const page = await store.changes(cursor, changesPerRead, ['epochs', 'devices'])
      for (const { collection, document } of page.changes)
        if (collection === 'epochs') noteEpoch(document as EpochDocument)
        else noteDevice(document as DeviceDocument)
      cursor = page.cursor
      if (page.changes.length < changesPerRead) return
    }
  }

  function noteEpoch(epoch: EpochDocument): void {
    if (openGapsOf(epoch).length > 0) open.set(epoch.id, epoch)
    else open.delete(epoch.id)
    if ((epoch.gapsHealed ?? 0) > 0) healed.set(epoch.id, epoch.gapsHealed ?? 0)
  }

  function noteDevice(device: DeviceDocument): void {
    if (device.conflict) contested.set(device.id, device)
    else contested.delete(device.id)
  }

  async function readDevices(): Promise<Map<string, DeviceDocument>> {
    const ids = [...new Set([...open.values()].map((epoch) => epoch.device))]
    const devices = new Map<string, DeviceDocument>()
    for (let i = 0; i < ids.length; i += idsPerRead)
      for (const device of await store.read('devices', ids.slice(i, i + idsPerRead)))
        if (device) devices.set(device.id, device)
    return devices
  }

  async function figures(now: number): Promise<GapFigures> {
    await catchUp()
    const devices = await readDevices()
    const none = { gaps: 0, missing: 0, since: null }
    const causes: Record<ApiGapCause, { gaps: number; missing: number; since: number | null }> = {
      lost: none,
      refused: none,
      'on-its-way': none,
      unknown: none,
    }
    for (const epoch of open.values())
      for (const { cause, first, last, since, isAhead } of gapsOf(epoch, devices.get(epoch.device) ?? null)) {
        if (isAhead) continue
        const before = causes[cause]
        causes[cause] = {
          gaps: before.gaps + 1,
          missing: before.missing + last - first + 1,
          since: since === null ? before.since : Math.min(since, before.since ?? since),
        }
      }
    return {
      causes,
      healed: [...healed.values()].reduce((sum, count) => sum + count, 0),
      conflicts: [...contested.values()].filter((device) => conflictAt(device, now) !== null),
    }
  }

  return {
    look(now) {
      const mine = turn.then(() => figures(now))
      turn = mine.catch(() => {})
      return mine
    },
  }
}
