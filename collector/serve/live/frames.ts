import type { ApiEntry, LiveChanges, LiveFrame, LiveReadings } from '@barograph/proto/api'
import type { RollupDocument } from '../../core/documents.ts'
import { formatTime } from '../../core/iso-time.ts'
import type { Change } from '../../core/store.ts'
import { serveLimits } from '../limits.ts'
import type { Fleet } from './fleet.ts'
import type { LiveStream } from './readings.ts'
import { type Subscription, wantsDevice } from './subscription.ts'

/** Changes up to a cursor: which devices, and which windows. */
export interface ChangeSet {
  readonly cursor: number
  readonly devices: ReadonlySet<string>
  readonly rollups: readonly RollupDocument[]
}

export function changeSetOf(changes: readonly Change[], cursor: number): ChangeSet {
  const devices = new Set<string>()
  const rollups: RollupDocument[] = []
  for (const { collection, document } of changes) {
    if (collection === 'rollups') rollups.push(document as RollupDocument)
    else if (collection === 'devices' || collection === 'streams')
      devices.add((document as { device: string }).device)
  }
  return { cursor, devices, rollups }
}

/** Writes frames as text, for one kind of subscription each. */
export interface Frames {
  snapshot(subscription: Subscription, cursor: number): string
  /** null: nothing in it for this subscription. */
  changes(set: ChangeSet, subscription: Subscription): string | null
  /** The frame of a resumed connection, which comes also when nothing has changed. */
  noChanges(cursor: number): string
  readings(streams: readonly LiveStream[], subscription: Subscription): string | null
  heartbeat(cursor: number): string
}

export function createFrames({
  fleet,
  version,
  now,
  tokenOf,
}: {
  /** As it is now. */
  fleet: () => Fleet
  version: string
  now: () => number
  tokenOf: (cursor: number) => string
}): Frames {
  const devicesOf = (ids: Iterable<string>, subscription: Subscription) =>
    [...ids]
      .filter((id) => wantsDevice(subscription, id))
      .map((id) => fleet().view(id, now()))
      .filter((device) => device !== null)

  const write = (frame: LiveFrame): string => JSON.stringify(frame)

  function changesFrame(cursor: number, parts: Pick<LiveChanges, 'devices' | 'rollups'>): string {
    return write({ type: 'changes', cursor: tokenOf(cursor), now: formatTime(now()), ...parts })
  }

  return {
    snapshot: (subscription, cursor) =>
      write({
        type: 'snapshot',
        cursor: tokenOf(cursor),
        now: formatTime(now()),
        version,
        devices: devicesOf([...fleet().ids()].sort(), subscription),
      }),
    changes(set, subscription) {
      const devices = devicesOf(set.devices, subscription)
      const rollups = set.rollups
        .filter((one) => wantsDevice(subscription, one.device) && subscription.levels.has(one.level))
        .map((one) => ({ device: one.device, sensor: one.sensor, ...fleet().rollupView(one, now()) }))
      return devices.length + rollups.length === 0 ? null : changesFrame(set.cursor, { devices, rollups })
    },
    noChanges: (cursor) => changesFrame(cursor, { devices: [], rollups: [] }),
    readings(streams, subscription) {
      const wanted = subscription.readings
        ? streams.filter((one) => wantsDevice(subscription, one.device))
        : []
      if (wanted.length === 0) return null
      const { readings, skipped } = bounded(wanted)
      return write({ type: 'readings', now: formatTime(now()), readings, skipped })
    },
    heartbeat: (cursor) => write({ type: 'heartbeat', cursor: tokenOf(cursor), now: formatTime(now()) }),
  }
}

/** At most a frame's worth: each stream gives up its older entries first. */
function bounded(streams: readonly LiveStream[]): Pick<LiveReadings, 'readings' | 'skipped'> {
  const total = streams.reduce((sum, { entries }) => sum + entries.length, 0)
  const perStream =
    total <= serveLimits.readingsPerFrame
      ? total
      : Math.max(1, Math.floor(serveLimits.readingsPerFrame / streams.length))
  const readings: ({ device: string; sensor: string } & ApiEntry)[] = []
  for (const { device, sensor, entries } of streams)
    for (const entry of entries.slice(-perStream)) readings.push({ device, sensor, ...entry })
  const kept = readings.slice(-serveLimits.readingsPerFrame)
  const before = streams.reduce((sum, { skipped }) => sum + skipped, 0)
  return { readings: kept, skipped: before + total - kept.length }
}
