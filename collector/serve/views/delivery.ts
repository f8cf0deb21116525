import { addRange, emptySet, lastOf, type RangeSet, sizeOf, subtract } from '@barograph/proto'
import type { ApiDelivery } from '@barograph/proto/api'
import type { DeviceDocument, EpochDocument, StreamDocument } from '../../core/documents.ts'
import { epochId } from '../../core/identity.ts'
import type { Log } from '../../core/log.ts'
import { decodeRecord } from '../../core/record.ts'
import type { Store } from '../../core/store.ts'
import { serveLimits } from '../limits.ts'
import { declaredOf, gapsOf, topOf } from './gaps.ts'

/** Numbers that the log holds beyond the checkpoints, by epoch id. */
export type Pending = ReadonlyMap<string, PendingEpoch>

interface PendingEpoch {
  readonly device: string
  readonly numbers: RangeSet
}

/** What is logged and not folded yet. Reads a bounded number of records of each partition. */
export async function readPending(log: Log, store: Pick<Store, 'checkpoint'>): Promise<Pending> {
  const pending = new Map<string, PendingEpoch>()
  for (let partition = 0; partition < log.partitions; partition++) {
    const { next } = await log.extent(partition)
    let from = (await store.checkpoint(partition))?.position.n ?? 0
    const end = Math.min(next, from + serveLimits.pendingRecords)
    while (from < end) {
      const records = await log.read(partition, from, Math.min(256, end - from))
      const last = records.at(-1)
      if (!last) break
      for (const record of records) note(pending, decodeRecord(record, 0))
      from = last.offset + 1
    }
  }
  return pending
}

function note(pending: Map<string, PendingEpoch>, record: ReturnType<typeof decodeRecord>): void {
  if (record.kind !== 'batch') return
  const { runs, summaries } = record.batch
  const ranges = [
    ...runs.map((run) => ({ run, last: run.firstSeq + run.times.length - 1 })),
    ...summaries.map((run) => ({ run, last: run.lastSeq })),
  ]
  for (const { run, last } of ranges) {
    const id = epochId(record.device, run)
    const numbers = addRange(pending.get(id)?.numbers ?? emptySet, run.firstSeq, last)
    pending.set(id, { device: record.device, numbers })
  }
}

/** What an empty collector has delivered. */
export const noDelivery: ApiDelivery = {
  accepted: 0,
  logged: 0,
  stored: 0,
  quarantined: 0,
  quarantine: {},
  refused: 0,
  lost: 0,
  onTheWay: 0,
  toStore: 0,
  backlog: 0,
  gaps: 0,
  unexplained: 0,
  gapsOnTheWay: 0,
  missing: 0,
  gapsHealed: 0,
  late: 0,
  lateReadings: 0,
  revised: 0,
}

/** Where every accepted entry of a device is. The parts add up by construction: what nothing else explains is on the way. */
export function deliveryOf(
  device: DeviceDocument,
  streams: readonly StreamDocument[],
  epochs: readonly EpochDocument[],
  pending: Pending,
): ApiDelivery {
  const known = new Set(epochs.map((epoch) => epoch.id))
  const unknown = [...pending].filter(([id, one]) => one.device === device.device && !known.has(id))
  const parts = [
    ...epochs.map((epoch) => epochDelivery(epoch, device, pending.get(epoch.id)?.numbers ?? emptySet)),
    ...unknown.map(([, { numbers }]) => newDelivery(numbers)),
  ]
  const total = parts.reduce(addDeliveries, noDelivery)
  return {
    ...total,
    backlog: device.sensors.reduce((sum, sensor) => sum + sensor.backlog, 0),
    late: streams.reduce((sum, stream) => sum + stream.lateRecords, 0),
    lateReadings: streams.reduce((sum, stream) => sum + (stream.lateReadings ?? 0), 0),
    revised: streams.reduce((sum, stream) => sum + (stream.revisedWindows ?? 0), 0),
  }
}

function epochDelivery(epoch: EpochDocument, device: DeviceDocument, waiting: RangeSet): ApiDelivery {
  const accepted = Math.max(topOf(epoch), lastOf(waiting))
  const seen = sizeOf(epoch.seen)
  const quarantine = Object.fromEntries(
    Object.entries(epoch.quarantined).map(([reason, set]) => [reason, sizeOf(set)]),
  )
  const quarantined = Object.values(quarantine).reduce((sum, count) => sum + count, 0)
  const lost = declaredOf(epoch.lost, epoch.seen)
  const refused = declaredOf(epoch.refused, epoch.seen)
  const declared = [...Object.values(epoch.lost), ...Object.values(epoch.refused)]
  const toStore = sizeOf([epoch.seen, ...declared].reduce((rest, set) => subtract(rest, set), waiting))
  const all = gapsOf(epoch, device).filter((gap) => !gap.isAhead)
  const gaps = all.filter((gap) => gap.cause !== 'on-its-way')
  return {
    ...noDelivery,
    accepted,
    logged: seen + toStore,
    stored: seen - quarantined,
    quarantined,
    quarantine,
    refused,
    lost,
    onTheWay: accepted - seen - lost - refused,
    toStore,
    gaps: new Set(gaps.map((gap) => gap.around[0])).size,
    unexplained: gaps.filter((gap) => gap.cause === 'unknown').length,
    gapsOnTheWay: all.length - gaps.length,
    missing: all.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    gapsHealed: epoch.gapsHealed ?? 0,
  }
}

/** Of an epoch that the store has not heard of yet. */
function newDelivery(waiting: RangeSet): ApiDelivery {
  const accepted = lastOf(waiting)
  const logged = sizeOf(waiting)
  return { ...noDelivery, accepted, logged, onTheWay: accepted, toStore: logged }
}

/** The sum of two deliveries, part by part. */
export function addDeliveries(a: ApiDelivery, b: ApiDelivery): ApiDelivery {
  return {
    accepted: a.accepted + b.accepted,
    logged: a.logged + b.logged,
    stored: a.stored + b.stored,
    quarantined: a.quarantined + b.quarantined,
    quarantine: addCounts(a.quarantine, b.quarantine),
    refused: a.refused + b.refused,
    lost: a.lost + b.lost,
    onTheWay: a.onTheWay + b.onTheWay,
    toStore: a.toStore + b.toStore,
    backlog: a.backlog + b.backlog,
    gaps: a.gaps + b.gaps,
    unexplained: a.unexplained + b.unexplained,
    gapsOnTheWay: a.gapsOnTheWay + b.gapsOnTheWay,
    missing: a.missing + b.missing,
    gapsHealed: a.gapsHealed + b.gapsHealed,
    late: a.late + b.late,
    lateReadings: a.lateReadings + b.lateReadings,
    revised: a.revised + b.revised,
  }
}

function addCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a }
  for (const [reason, count] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + count
  return sum
}
