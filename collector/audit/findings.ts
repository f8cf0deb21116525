// Differences name fields; these sentences name what happened, where the differences alone let one guess.
import { limits } from '@barograph/proto'
import { type Reading, readingsOf } from './bucket.ts'
import { countOf, inBoth, type Ranges, rangeWords, without } from './number-ranges.ts'
import { parseDocument } from './read.ts'
import type { Report } from './report.ts'
import type { Documents } from './schema.ts'
import type { StoreReader } from './store-reader.ts'

const size = limits.entriesPerBucket
/** Numbers that are looked at one by one for the reading that they repeat. */
const comparedNumbers = 20

const numbers = (ranges: Ranges): string => (countOf(ranges) === 1 ? 'number' : 'numbers')

/** Numbers that were stored, and are in no bucket: the bucket is gone, or they are gone from it. */
export function findLost(
  report: Report,
  epochId: string,
  missing: Ranges,
  buckets: ReadonlySet<number>,
): void {
  const indices = new Set(
    missing.flatMap(([first, last]) => {
      const from = Math.floor((first - 1) / size)
      return Array.from({ length: Math.floor((last - 1) / size) - from + 1 }, (_, i) => from + i)
    }),
  )
  for (const index of indices) {
    const its = inBoth(missing, [[index * size + 1, (index + 1) * size]])
    report.find(
      buckets.has(index)
        ? `${numbers(its)} ${rangeWords(its)} of ${epochId} ${countOf(its) === 1 ? 'was' : 'were'} stored and ` +
            `${countOf(its) === 1 ? 'is' : 'are'} not in the bucket ${epochId}/${index} any more`
        : `the bucket ${epochId}/${index} is gone: ${numbers(its)} ${rangeWords(its)} ${countOf(its) === 1 ? 'was' : 'were'} stored in it`,
    )
  }
}

/** Entries that nothing says were taken; where one says the same as another number, that is told. */
export function findDoubled(
  store: StoreReader,
  report: Report,
  { id, device, sensor, epoch }: Documents['epochs'],
  unknown: Ranges,
): void {
  if (unknown.length === 0) return
  const told: [number, number][] = []
  for (const seq of firstNumbers(unknown)) {
    const row = store.bucket(`${id}/${Math.floor((seq - 1) / size)}`)
    const bucket = row ? parseDocument('readings', row) : null
    const reading = bucket ? readingsOf(bucket).find((one) => one.seq === seq) : undefined
    const twin = reading ? twinOf(store, { device, sensor }, epoch, reading) : null
    if (!twin) continue
    told.push([seq, seq])
    report.find(`number ${seq} of ${id} is a doubled reading: it says the same as ${twin}`)
  }
  const rest = without(unknown, told)
  if (rest.length > 0)
    report.find(
      `${numbers(rest)} ${rangeWords(rest)} of ${id} ${countOf(rest) === 1 ? 'is' : 'are'} in a bucket, and nothing ` +
        `says that ${countOf(rest) === 1 ? 'it was' : 'they were'} taken`,
    )
}

function firstNumbers(ranges: Ranges): number[] {
  const list: number[] = []
  for (const [first, last] of ranges)
    for (let seq = first; seq <= last && list.length < comparedNumbers; seq++) list.push(seq)
  return list
}

/** Another number of the same sensor with the same time and values. */
function twinOf(
  store: StoreReader,
  { device, sensor }: { device: string; sensor: string },
  epoch: string,
  reading: Reading,
): string | null {
  const said = JSON.stringify(reading.values)
  for (const row of store.bucketsFrom(device, sensor, reading.time)) {
    if ((row.first_time ?? reading.time) > reading.time) return null
    const bucket = parseDocument('readings', row)
    const twin = bucket
      ? readingsOf(bucket).find(
          (one) =>
            one.time === reading.time &&
            (bucket.epoch !== epoch || one.seq !== reading.seq) &&
            JSON.stringify(one.values) === said,
        )
      : undefined
    if (bucket && twin)
      return bucket.epoch === epoch ? `number ${twin.seq}` : `number ${twin.seq} of the epoch ${bucket.epoch}`
  }
  return null
}

/** Numbers that the log brings before the checkpoint and that are nowhere: nobody will fold them any more. */
export const aheadWords = (epochId: string, unfolded: Ranges): string =>
  `the checkpoint is ahead of what is folded: ${numbers(unfolded)} ${rangeWords(unfolded)} of ${epochId} ` +
  `${countOf(unfolded) === 1 ? 'stands' : 'stand'} in the log before it and nowhere in the store`

/** Why a window is not what its readings come to, as far as their count tells. */
export function findInWindow(
  store: StoreReader,
  report: Report,
  window: Documents['rollups'],
  received: number,
): void {
  const excess = window.received - received
  const what = `the window ${window.id}`
  if (excess < 0) report.find(`${what} lacks ${-excess} of ${received} readings that are stored`)
  else if (excess === 0)
    report.find(`${what} and its ${received} readings say different things: one of them was altered`)
  else if (excess % received === 0)
    report.find(`${what} was folded twice: ${window.received} readings are in it, ${received} are stored`)
  else {
    const record = recordOf(store, window, excess)
    report.find(
      record === null
        ? `${what} holds ${excess} readings more than are stored`
        : `${what} was folded twice: the ${excess} readings of the record at ${record} are in it once more`,
    )
  }
}

/** The record that alone brought so many readings of a window; null: none or several did. */
function recordOf(
  store: StoreReader,
  { device, sensor, start, end }: Documents['rollups'],
  count: number,
): number | null {
  const byRecord = new Map<number, number>()
  for (const row of store.bucketsFrom(device, sensor, start)) {
    if ((row.first_time ?? end) >= end) break
    const bucket = parseDocument('readings', row)
    for (const { time, at } of bucket ? readingsOf(bucket) : [])
      if (time >= start && time < end) byRecord.set(at.n, (byRecord.get(at.n) ?? 0) + 1)
  }
  const able = [...byRecord].filter(([, its]) => its === count)
  return able.length === 1 ? (able[0]?.[0] ?? null) : null
}
