import { pairs, type RawExpiry } from '@barograph/proto'
import type { Bucket } from '../bucket.ts'
import type { Cache, Need } from '../cache.ts'
import { noteSealed } from '../device.ts'
import { levels, type Position } from '../documents.ts'
import { expire } from '../epoch.ts'
import { bucketId, bucketsWithin, streamId, summaryId } from '../identity.ts'
import { isBefore, isSame } from '../position.ts'
import type { RecordOf } from '../record.ts'
import { noteExpired } from '../stream.ts'
import type { Applying } from './edit.ts'
import { loaded } from './needs.ts'
import type { Place } from './needs.ts'
import { createWindowing, minuteWindows, type PortionWindow, rulesAt, type Windowing } from './windowing.ts'

/** What an expiry changes: the windows that hold what goes, which nobody can compute again. */
export interface ExpiryPlan {
  readonly windows: readonly PortionWindow[]
}

/**
 * The expiry without the numbers that may not go: a site has come since they were chosen, so their windows are cut in
 * another way, and sealing those of before would leave them lying across the others. They are chosen again later.
 */
export function validPart(record: RecordOf<'expire'>, cache: Cache): RecordOf<'expire'> {
  const { device, expire, at } = record
  const { sites } = loaded(cache.devices.get(device))
  // A store that is an older copy goes on in a generation of before: the offset is of the same log.
  const { g, n } = expire.known
  const known = { g: Math.min(g, at.g), n }
  const isRezoned = sites.some((site) => !isBefore(site.at, known) && isBefore(site.at, at))
  return isRezoned ? { ...record, expire: { ...expire, raw: [] } } : record
}

/** The summaries that overlap what goes. The buckets must be in the cache. */
export function summaryNeeds({ device, expire }: RecordOf<'expire'>, cache: Cache): Need[] {
  const ids = new Set<string>()
  for (const raw of expire.raw)
    for (const { bucket } of bucketsOf(device, raw, cache))
      for (const firstSeq of bucket.summaries) ids.add(summaryId(device, raw, firstSeq))
  return [...ids].map((id) => ({ collection: 'summaries', id }))
}

/** All of firstNeeds and summaryNeeds must be in the cache. */
export function planExpiry(record: RecordOf<'expire'>, place: Place): ExpiryPlan {
  const windows = new Map<string, PortionWindow>()
  const note = (kept: readonly PortionWindow[]): void => {
    for (const window of kept) windows.set(window.id, window)
  }
  for (const raw of record.expire.raw) {
    for (const part of bucketsOf(record.device, raw, place.cache)) {
      noteReadings(record, raw.sensor, part, place, note)
      noteSummaries(record.device, raw, part, place, note)
    }
  }
  return { windows: [...windows.values()] }
}

interface Part {
  readonly bucket: Bucket
  readonly first: number
  readonly last: number
}

/** The buckets of a set of numbers, with the numbers inside each. */
function bucketsOf(device: string, { sensor, epoch, ranges }: RawExpiry, cache: Cache): Part[] {
  const parts: Part[] = []
  for (const [from, to] of pairs(ranges))
    for (const { index, first, last } of bucketsWithin(from, to)) {
      const bucket = loaded(cache.buckets.get(bucketId(device, { sensor, epoch }, index)))
      parts.push({ bucket, first, last })
    }
  return parts
}

/** Windows of readings that counted before this record. A bucket that is further tells the same: it keeps positions. */
function noteReadings(
  { device, at }: RecordOf<'expire'>,
  sensor: string,
  { bucket, first, last }: Part,
  place: Place,
  note: (kept: readonly PortionWindow[]) => void,
): void {
  for (const run of bucket.runs(first, last)) {
    let windowing: Windowing | null = null
    let since: Position | null = null
    let known: { readonly start: number; readonly end: number } | null = null
    for (let i = 0; i < run.times.length; i++) {
      const counted = bucket.countedSince(run.firstSeq + i)
      if (counted === null || !isBefore(counted, at)) continue
      if (windowing === null || since === null || !isSame(counted, since)) {
        windowing = windowingAt(device, sensor, run.intervalMs, counted, place)
        since = counted
        known = null
      }
      const time = run.times[i] as number
      if (known && time >= known.start && time < known.end) continue
      const here = windowing.at(time)
      note(here.kept)
      known = here
    }
  }
}

/** Windows of summaries with any of these numbers: a summary is in them whole. */
function noteSummaries(
  device: string,
  raw: RawExpiry,
  { bucket, first, last }: Part,
  place: Place,
  note: (kept: readonly PortionWindow[]) => void,
): void {
  for (const firstSeq of bucket.summaries) {
    const { document } = loaded(place.cache.summaries.get(summaryId(device, raw, firstSeq)))
    const seq = Math.max(first, firstSeq)
    if (!document || seq > Math.min(last, document.lastSeq)) continue
    const since = bucket.arrival(seq)
    if (since === null) continue
    const windowing = windowingAt(device, raw.sensor, Math.max(document.intervalMs, 1), since, place)
    for (const { start } of document.minutes) note(minuteWindows(windowing, start))
  }
}

/** The windows that a reading is in since it came to count, those that are expired since among them. */
function windowingAt(
  device: string,
  sensor: string,
  intervalMs: number,
  at: Position,
  { cache, partition }: Place,
): Windowing {
  const rules = rulesAt({ cache, partition, device, sensor, intervalMs, at, site: null })
  return createWindowing({ ...rules, expiredBefore: {} })
}

/** Windows that are still there; those of an expired level go by themselves. */
export function sealable({ windows }: ExpiryPlan, cache: Cache): PortionWindow[] {
  return windows.filter(({ key: { device, sensor, level, window } }) => {
    const { expiredBefore } = loaded(cache.streams.get(streamId(device, sensor)))
    return window.end > (expiredBefore[level] ?? Number.NEGATIVE_INFINITY)
  })
}

/** Numbers and windows that retention gives up. What needs them to be computed again is sealed. */
export function applyExpiry(record: RecordOf<'expire'>, plan: ExpiryPlan, { edit, cache }: Applying): void {
  for (const { id } of sealable(plan, cache)) {
    const { received, sealed } = loaded(cache.rollups.get(id))
    const rollup = received > 0 && !sealed ? edit.open(cache.rollups, id) : null
    if (rollup) rollup.sealed = true
  }
  const device = plan.windows.length > 0 ? edit.open(cache.devices, record.device) : null
  if (device) for (const { key } of plan.windows) noteSealed(device, key.level, key.window.end)
  for (const raw of record.expire.raw) {
    const epoch = edit.openEpoch(raw)
    if (epoch) expire(epoch, raw.ranges)
  }
  for (const { sensor, level, before } of record.expire.levels) {
    const known = levels.find((one) => one === level)
    const stream = known ? edit.open(cache.streams, streamId(record.device, sensor)) : null
    if (stream && known) noteExpired(stream, known, before)
  }
}
