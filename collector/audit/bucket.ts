import { limits } from '@barograph/proto'
import { isBefore } from './position.ts'
import { type Report, words } from './report.ts'
import type { Documents, Position } from './schema.ts'
import type { Value } from './tally.ts'
import type { BucketRow } from './store-reader.ts'

type Bucket = Documents['readings']

/** A reading that counts, as its bucket keeps it. */
export interface Reading {
  readonly seq: number
  readonly time: number
  readonly at: Position
  readonly intervalMs: number
  readonly values: readonly Value[]
}

const size = limits.entriesPerBucket
const firstOf = ({ index }: Bucket): number => index * size + 1

type BucketEvent = Bucket['events'][number]

/** What happened to each number, by place in the bucket; undefined: nothing. */
interface Slots {
  /** What brought it. */
  readonly arrivals: readonly (BucketEvent | undefined)[]
  /** What let it count after its quarantine. */
  readonly releases: readonly (BucketEvent | undefined)[]
}

function eventsBySlot(bucket: Bucket): Slots {
  const arrivals: (BucketEvent | undefined)[] = []
  const releases: (BucketEvent | undefined)[] = []
  for (const event of bucket.events) {
    const slots = event.what === 'released' ? releases : arrivals
    const last = Math.min(event.last, firstOf(bucket) + size - 1)
    for (let seq = Math.max(event.first, firstOf(bucket)); seq <= last; seq++)
      slots[seq - firstOf(bucket)] = event
  }
  return { arrivals, releases }
}

/** The scheduled interval of each number, where one is noted. */
function intervalsBySlot(bucket: Bucket): (number | undefined)[] {
  const slots: (number | undefined)[] = []
  for (const [first, last, ms] of bucket.intervals)
    for (let seq = Math.max(first, firstOf(bucket)); seq <= Math.min(last, firstOf(bucket) + size - 1); seq++)
      slots[seq - firstOf(bucket)] = ms
  return slots
}

/**
 * The readings of a bucket that belong into windows: arrived or released, not thinned, no fault, start or stop. Each with
 * the record since which it counts.
 */
export function readingsOf(bucket: Bucket): Reading[] {
  const { arrivals, releases } = eventsBySlot(bucket)
  const intervals = intervalsBySlot(bucket)
  const marks = new Set(bucket.marks.map((mark) => mark.seq - firstOf(bucket)))
  const columns = Object.entries(bucket.columns)
  const readings: Reading[] = []
  bucket.times.forEach((time, slot) => {
    const event = arrivals[slot]?.what === 'quarantined' ? releases[slot] : arrivals[slot]
    if (time === null || !event || event.what === 'summarised' || marks.has(slot)) return
    const values: Value[] = []
    for (const [key, { unit, kind, values: column, flags }] of columns) {
      const value = column[slot] ?? null
      if (value !== null) values.push({ key, unit, kind, value, flag: flags?.[slot] ?? 0 })
    }
    readings.push({
      seq: firstOf(bucket) + slot,
      time,
      at: event.at,
      intervalMs: intervals[slot] ?? 0,
      values,
    })
  })
  return readings
}

/** Names everything in a bucket that contradicts itself, its id or its row. */
export function checkBucket(report: Report, bucket: Bucket, row: BucketRow): void {
  const at = (field: string) => ({ collection: 'readings' as const, id: row.id, field })
  const { device, sensor, epoch, index } = bucket
  report.compare(at('id'), row.id, `${device}/${sensor}/${epoch}/${index}`)
  report.compare(at('device'), device, row.device)
  report.compare(at('sensor'), sensor, row.sensor)
  const given = bucket.times.filter((time) => time !== null)
  const bounds = given.reduce<[number, number] | null>(
    (found, time) => (found ? [Math.min(found[0], time), Math.max(found[1], time)] : [time, time]),
    null,
  )
  report.compare(at('firstTime'), bucket.firstTime, bounds?.[0] ?? null)
  report.compare(at('lastTime'), bucket.lastTime, bounds?.[1] ?? null)
  report.compare(at('first_time'), row.first_time, bounds?.[0] ?? null)
  report.compare(at('last_time'), row.last_time, bounds?.[1] ?? null)
  checkEvents(report, bucket)
  checkSlots(report, bucket)
  checkColumns(report, bucket)
}

function checkEvents(report: Report, bucket: Bucket): void {
  const at = (field: string) => ({ collection: 'readings' as const, id: bucket.id, field })
  const [first, last] = [firstOf(bucket), firstOf(bucket) + size - 1]
  const { arrivals } = eventsBySlot(bucket)
  const before = { arrival: first - 1, release: first - 1 }
  let newest: Position = { g: 0, n: -1 }
  bucket.events.forEach((event, i) => {
    const row = event.what === 'released' ? 'release' : 'arrival'
    if (event.first <= before[row] || event.last < event.first || event.last > last)
      report.compare(
        at(`events.${i}`),
        `${event.first}-${event.last}`,
        `numbers after ${before[row]}, up to ${last}, each once`,
      )
    if (event.first <= before[row] && event.last >= event.first)
      report.find(
        `numbers ${event.first}-${Math.min(before[row], event.last)} of the bucket ${bucket.id} are there twice: ` +
          `the record at ${event.at.n} ${row === 'arrival' ? 'brought' : 'released'} them again`,
      )
    before[row] = Math.max(before[row], event.last)
    if (!isBefore(event.at, newest)) newest = event.at
    for (let seq = event.first; row === 'release' && seq <= Math.min(event.last, last); seq++) {
      const arrival = arrivals[seq - first]
      if (arrival?.what !== 'quarantined' || !isBefore(arrival.at, event.at))
        report.compare(at(`events.${i}`), `${seq} released`, `${seq} ${arrival?.what ?? 'never arrived'}`)
    }
  })
  if (bucket.events.length === 0) report.compare(at('events'), 'none', 'what brought the bucket')
  // A bucket changes with its events only, and when its log is replaced.
  if (newest.g === bucket.o.g)
    report.compare(at('o'), words(bucket.o), words({ g: newest.g, n: newest.n + 1 }))
}

/** Entry, time, interval and mark stand together, or none of them does. */
function checkSlots(report: Report, bucket: Bucket): void {
  const { arrivals } = eventsBySlot(bucket)
  const intervals = intervalsBySlot(bucket)
  const marks = new Map(bucket.marks.map((mark) => [mark.seq - firstOf(bucket), mark]))
  report.compare(
    { collection: 'readings', id: bucket.id, field: 'marks' },
    bucket.marks.length,
    [...marks.keys()].filter((slot) => slot >= 0 && slot < size).length,
  )
  for (let slot = 0; slot < Math.max(size, bucket.times.length); slot++) {
    const time = bucket.times[slot] ?? null
    const what = arrivals[slot]?.what
    const isHere = what === 'arrived' || what === 'quarantined'
    const at = (field: string) => ({
      collection: 'readings' as const,
      id: bucket.id,
      field: `${field} of number ${firstOf(bucket) + slot}`,
    })
    if (isHere !== (time !== null))
      report.compare(
        at('time'),
        time,
        isHere ? 'a time, for it arrived' : `none, for it ${what ?? 'never arrived'}`,
      )
    if ((time !== null) !== (intervals[slot] !== undefined))
      report.compare(at('interval'), intervals[slot], time === null ? 'none' : 'an interval')
    const mark = marks.get(slot)
    if (mark) report.compare(at('mark'), mark.time, time)
    report.counts.fields += 3
  }
}

function checkColumns(report: Report, bucket: Bucket): void {
  const marks = new Set(bucket.marks.map((mark) => mark.seq - firstOf(bucket)))
  for (const [key, { values, flags }] of Object.entries(bucket.columns)) {
    const at = (field: string) => ({
      collection: 'readings' as const,
      id: bucket.id,
      field: `columns.${key}.${field}`,
    })
    report.compare(at('values.length'), values.length, bucket.times.length)
    report.compare(at('flags.length'), flags?.length ?? values.length, values.length)
    values.forEach((value, slot) => {
      if (value === null) {
        if (flags?.[slot]) report.compare(at(`flags.${slot}`), flags[slot], 'none, for there is no value')
      } else if ((bucket.times[slot] ?? null) === null || marks.has(slot))
        report.compare(at(`values.${slot}`), value, 'none, for there is no reading')
      else if (Math.abs(value) >= limits.value) report.compare(at(`values.${slot}`), value, 'below 2^40')
    })
  }
}
