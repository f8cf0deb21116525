import type { ApiDevice, ApiRollup, ApiStatus } from '@barograph/proto/api'
import type { DeviceDocument, RollupDocument, StreamDocument } from '../../core/documents.ts'
import { metricNames } from '../../core/metric-names.ts'
import { isBefore } from '../../core/position.ts'
import { rollupView } from '../../core/rollup-view.ts'
import type { Change, Store } from '../../core/store.ts'
import { deviceView, nowOf } from '../views/devices.ts'

interface Member {
  readonly id: string
  /** null: a stream's change was read before its device's. */
  device: DeviceDocument | null
  readonly streams: Map<string, StreamDocument>
  status: ApiStatus | null
}

/** Every device and stream as the newest change tells, kept in memory: what live frames are made from. */
export interface Fleet {
  apply(changes: readonly Change[]): void
  ids(): Iterable<string>
  view(id: string, now: number): ApiDevice | null
  rollupView(rollup: RollupDocument, now: number): ApiRollup
  /**
   * Devices whose status is another than when they were looked at before: silence is a change that no document tells.
   * One call looks at a bounded number of them.
   */
  statusChanges(now: number): string[]
}

const statusChecks = 500

/** The fleet as the store holds it now. */
export async function loadFleet(store: Pick<Store, 'devices' | 'streams'>): Promise<Fleet> {
  const members = new Map<string, Member>()
  const order: Member[] = []
  let next = 0
  for (const device of await store.devices()) takeDevice(device)
  for (const stream of await store.streams()) takeStream(stream)

  function memberOf(id: string): Member {
    let member = members.get(id)
    if (!member) {
      member = { id, device: null, streams: new Map(), status: null }
      members.set(id, member)
      order.push(member)
    }
    return member
  }

  function takeDevice(device: DeviceDocument): void {
    const member = memberOf(device.device)
    if (!member.device || isBefore(member.device.o, device.o)) member.device = device
  }

  function takeStream(stream: StreamDocument): void {
    const { streams } = memberOf(stream.device)
    const before = streams.get(stream.sensor)
    if (!before || isBefore(before.o, stream.o)) streams.set(stream.sensor, stream)
  }

  const streamsOf = (member: Member) => [...member.streams.values()].sort(bySensor)

  const viewOf = (member: Member | undefined, now: number) =>
    member?.device ? deviceView(member.device, streamsOf(member), now) : null

  return {
    apply(changes) {
      for (const { collection, document } of changes) {
        if (collection === 'devices') takeDevice(document as DeviceDocument)
        else if (collection === 'streams') takeStream(document as StreamDocument)
      }
    },
    ids: () => members.keys(),
    view: (id, now) => viewOf(members.get(id), now),
    rollupView(rollup, now) {
      const member = members.get(rollup.device)
      const keys = Object.keys(member?.streams.get(rollup.sensor)?.metrics ?? rollup.metrics)
      const own = member?.device ? nowOf(member.device, streamsOf(member), now) : now
      return rollupView(rollup, metricNames(keys), own)
    },
    statusChanges(now) {
      const changed: string[] = []
      for (let n = Math.min(order.length, statusChecks); n > 0; n--) {
        next = next < order.length ? next : 0
        const member = order[next++]
        const status = viewOf(member, now)?.status ?? null
        if (!member || status === null) continue
        if (member.status !== null && member.status !== status) changed.push(member.id)
        member.status = status
      }
      return changed
    },
  }
}

const bySensor = (a: StreamDocument, b: StreamDocument): number => (a.sensor < b.sensor ? -1 : 1)
