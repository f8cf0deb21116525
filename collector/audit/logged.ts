import { decodeBatch, decodeExpire, decodeRelease, type Expire, isCoded } from '@barograph/proto'
import type { LogReader, RecordRow } from './log-reader.ts'
import { mergeRanges, rangesOf, type Ranges } from './number-ranges.ts'
import { isBefore } from './position.ts'
import type { Checkpoint, Position } from './schema.ts'

/** Ranges of one epoch that are gathered before touching ones are put together. */
const looseRanges = 512

/** Numbers that one record of the log does something to. */
export interface LoggedRanges {
  readonly offset: number
  readonly ranges: Ranges
}

/** What the log says of numbers, by device/sensor/epoch. */
export interface Logged {
  /** Brought before the checkpoint. */
  of(epochId: string): Ranges
  /** Released before the checkpoint. */
  released(epochId: string): readonly LoggedRanges[]
  /** Expired before the checkpoint. */
  expired(epochId: string): readonly LoggedRanges[]
  /** Expired by records that the checkpoint does not cover: documents may hold them. */
  mayExpire(epochId: string): Ranges
  /** Windows of a level of a stream that end at or before this time may be expired by such records. */
  levelMayExpire(streamId: string, level: string): number
  /** True when the log still holds the record at this position of the device's partition. */
  reachesBackTo(device: string, at: Position): boolean
  /** Epochs that nobody has asked for. */
  rest(): (readonly [epochId: string, numbers: Ranges])[]
}

/**
 * Reads what the log still holds. The store must know of each number that the log brings before its checkpoint: so one
 * that is ahead of what was folded does not pass.
 */
export function readLogged(
  log: LogReader,
  checkpoints: ReadonlyMap<number, Checkpoint>,
  sitesOf: (device: string) => readonly { readonly at: Position }[],
): Logged {
  const brought = new Map<string, [number, number][]>()
  const released = new Map<string, LoggedRanges[]>()
  const expired = new Map<string, LoggedRanges[]>()
  const mayExpire = new Map<string, Ranges>()
  const levels = new Map<string, number>()
  /** The oldest record that is kept, by partition. */
  const first = new Map<number, Position>()
  for (const [partition, { position, reach }] of checkpoints) {
    const isOwn = ({ device }: RecordRow): boolean => log.partitionOf(device) === partition
    for (const record of log.records(partition, 0, position.n)) {
      if (!first.has(partition)) first.set(partition, { g: position.g, n: record.offset })
      if (isOwn(record)) take(record, { g: position.g, n: record.offset })
    }
    for (const record of log.records(partition, position.n, reach)) if (isOwn(record)) takeAhead(record)
  }

  function take({ kind, device, offset, value }: RecordRow, at: Position): void {
    const idOf = epochOf(device)
    if (kind === 'batch') {
      const batch = readable(() => decodeBatch(value))
      for (const run of batch?.runs ?? []) bring(idOf(run), run.firstSeq, run.firstSeq + run.times.length - 1)
      for (const summary of batch?.summaries ?? []) bring(idOf(summary), summary.firstSeq, summary.lastSeq)
    }
    if (kind === 'release')
      for (const one of readable(() => decodeRelease(value))?.ranges ?? [])
        note(released, idOf(one), { offset, ranges: [[one.firstSeq, one.lastSeq]] })
    const expire = kind === 'expire' ? readable(() => decodeExpire(value)) : null
    if (expire && isValid(device, expire, at))
      for (const one of expire.raw) note(expired, idOf(one), { offset, ranges: rangesOf(one.ranges) })
  }

  /** A site that came after the numbers were chosen keeps them from expiring. */
  function isValid(device: string, expire: Expire, at: Position): boolean {
    // An older copy of the store goes on in a generation of before, in the same log.
    const known = { g: Math.min(expire.known.g, at.g), n: expire.known.n }
    return sitesOf(device).every((site) => isBefore(site.at, known) || !isBefore(site.at, at))
  }

  function takeAhead({ kind, device, value }: RecordRow): void {
    if (kind !== 'expire') return
    const expire = readable(() => decodeExpire(value))
    for (const one of expire?.raw ?? []) {
      const id = epochOf(device)(one)
      mayExpire.set(id, mergeRanges([...(mayExpire.get(id) ?? []), ...rangesOf(one.ranges)]))
    }
    for (const { sensor, level, before } of expire?.levels ?? []) {
      const key = `${device}/${sensor} ${level}`
      levels.set(key, Math.max(levels.get(key) ?? before, before))
    }
  }

  function bring(id: string, first: number, last: number): void {
    const known = brought.get(id) ?? []
    known.push([first, last])
    brought.set(id, known.length > looseRanges ? mergeRanges(known).map(([a, b]) => [a, b]) : known)
  }

  const asked = new Set<string>()
  return {
    of(epochId) {
      asked.add(epochId)
      return mergeRanges(brought.get(epochId) ?? [])
    },
    released: (epochId) => released.get(epochId) ?? [],
    expired: (epochId) => expired.get(epochId) ?? [],
    mayExpire: (epochId) => mayExpire.get(epochId) ?? [],
    levelMayExpire: (streamId, level) => levels.get(`${streamId} ${level}`) ?? Number.NEGATIVE_INFINITY,
    reachesBackTo(device, at) {
      const from = first.get(log.partitionOf(device))
      return from !== undefined && from.g === at.g && from.n <= at.n
    },
    rest: () =>
      [...brought].filter(([id]) => !asked.has(id)).map(([id, ranges]) => [id, mergeRanges(ranges)] as const),
  }
}

const epochOf =
  (device: string) =>
  ({ sensor, epoch }: { readonly sensor: string; readonly epoch: string }): string =>
    `${device}/${sensor}/${epoch}`

function note<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

/** A record that cannot be decoded is skipped by every reader of the log. */
function readable<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch (error) {
    if (!isCoded(error)) throw error
    return null
  }
}
