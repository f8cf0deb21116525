import { flagWords, fromThousandths, isInvalid, limits } from '@barograph/proto'
import type { ApiEntry, ApiFlag, ApiMark } from '@barograph/proto/api'
import type { BucketDocument, StoredMark } from '../../core/documents.ts'
import { formatTime } from '../../core/iso-time.ts'
import type { MetricNames } from '../../core/metric-names.ts'

/** An entry's identity and time: the order in which entries are shown. */
export interface EntryKey {
  readonly time: number
  readonly epoch: string
  readonly seq: number
}

/** An entry that is still in its bucket. */
export interface EntryRef extends EntryKey {
  readonly bucket: BucketDocument
  readonly slot: number
}

/** By time; at equal times by epoch and number. */
export function compareEntries(a: EntryKey, b: EntryKey): number {
  return a.time - b.time || (a.epoch < b.epoch ? -1 : a.epoch > b.epoch ? 1 : a.seq - b.seq)
}

/** The entries of a bucket with from <= time < to, by number. */
export function refsOf(bucket: BucketDocument, from: number, to: number): EntryRef[] {
  const refs: EntryRef[] = []
  bucket.times.forEach((time, slot) => {
    if (time !== null && time >= from && time < to)
      refs.push({ time, epoch: bucket.epoch, seq: firstOf(bucket) + slot, bucket, slot })
  })
  return refs
}

/** What the entry says of the sensor; undefined: it is a reading. */
export function markOf({ bucket, seq }: EntryRef): (StoredMark & { readonly seq: number }) | undefined {
  return bucket.marks.find((mark) => mark.seq === seq)
}

/** An entry as outsiders see it. */
export function entryView(ref: EntryRef, nameOf: MetricNames): ApiEntry {
  const { bucket, slot, epoch, seq } = ref
  const at = { time: formatTime(ref.time), epoch, seq }
  const events = bucket.events.filter((one) => one.first <= seq && seq <= one.last)
  const held = events.some(({ what }) => what === 'released')
    ? undefined
    : events.find(({ what }) => what === 'quarantined')
  const quarantined = held ? { quarantined: held.reason ?? 'quarantined' } : {}
  const mark = markOf(ref)
  if (mark) return { kind: markKind(mark.kind), ...at, code: mark.code, detail: mark.detail, ...quarantined }
  const values: Record<string, readonly [number, number]> = {}
  for (const [key, column] of Object.entries(bucket.columns)) {
    const value = column.values[slot]
    if (value !== null && value !== undefined) values[key] = [value, column.flags?.[slot] ?? 0]
  }
  return { kind: 'reading', ...at, ...valuesView(values, nameOf), ...quarantined }
}

/** Values in the unit, and the flags that are set, by name; from thousandths and flag by key. */
export function valuesView(
  values: Readonly<Record<string, readonly [number, number]>>,
  nameOf: MetricNames,
): { values: Record<string, number>; flags?: Record<string, ApiFlag> } {
  const plain: Record<string, number> = {}
  const flags: Record<string, ApiFlag> = {}
  for (const [key, [value, flag]] of Object.entries(values)) {
    plain[nameOf(key)] = fromThousandths(value)
    if (flag !== 0) flags[nameOf(key)] = { invalid: isInvalid(flag), reason: flagWords(flag) }
  }
  return Object.keys(flags).length > 0 ? { values: plain, flags } : { values: plain }
}

const kinds: readonly ApiMark['kind'][] = ['fault', 'start', 'stop']

/** A kind that this version does not know is shown as the one that claims least: a start of something. */
export function markKind(kind: string): ApiMark['kind'] {
  return kinds.find((known) => known === kind) ?? 'start'
}

const firstOf = (bucket: BucketDocument): number => bucket.index * limits.entriesPerBucket + 1
