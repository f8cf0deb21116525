import { decodeExpire, encodeExpire, limits, rangeCount } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { at, bucketOf, epochOf, streamOf } from '../../store/testing/documents.ts'
import type { BucketDocument, EpochDocument } from '../documents.ts'
import { dueLevels, expiriesOf, fateOf, type OldBucket } from './due.ts'
import { type Retention, sweepIntervalMs, sweepLimits } from './limits.ts'

const day = 86_400_000
const now = Date.UTC(2026, 5, 1)
const identity = ['a', 's', '00000000000000aa'] as const
const size = limits.entriesPerBucket

const epoch = (parts: Partial<EpochDocument>): EpochDocument => ({
  ...epochOf(identity, 0, at(5)),
  seen: [],
  lost: {},
  refused: {},
  expired: [],
  ...parts,
})
const bucket = (index: number, parts: Partial<BucketDocument> = {}): BucketDocument => ({
  ...bucketOf(index, [], at(5)),
  events: [{ first: index * size + 1, last: index * size + size, at: at(3), what: 'arrived' }],
  ...parts,
})
const old = (parts: Partial<EpochDocument>, one = bucket(0), checkpoint = at(9)): OldBucket => ({
  bucket: one,
  epoch: epoch(parts),
  checkpoint,
})

describe('an old bucket', () => {
  test('expires when each number to its end is stored, lost or refused', () => {
    expect(fateOf(old({ seen: [1, 256] }))).toBe('expires')
    expect(fateOf(old({ seen: [1, 100], lost: { gone: [101, 200] }, refused: { bad: [201, 256] } }))).toBe(
      'expires',
    )
    expect(fateOf(old({ seen: [1, 255] }))).toBe('stays')
    expect(fateOf(old({ seen: [1, 100, 102, 256] }))).toBe('stays')
    expect(fateOf(old({ seen: [1, 256] }, bucket(1)))).toBe('stays')
  })

  test('expires when each number to the end of its epoch is', () => {
    expect(fateOf(old({ seen: [1, 40], ended: 40 }))).toBe('expires')
    expect(fateOf(old({ seen: [1, 40], ended: 41 }))).toBe('stays')
    // An end before the bucket contradicts what is in it.
    expect(fateOf(old({ seen: [1, 300], ended: 40 }, bucket(1)))).toBe('stays')
  })

  test('stays as long as a document is further than what is folded for good, or of another log', () => {
    const seen = [1, 256]
    expect(fateOf(old({ seen, o: at(10) }))).toBe('stays')
    expect(fateOf(old({ seen }, bucket(0, { o: at(10) })))).toBe('stays')
    expect(fateOf(old({ seen, o: at(9) }))).toBe('expires')
    expect(fateOf(old({ seen }, bucket(0), at(9, 1)))).toBe('stays')
    expect(fateOf(old({ seen, expired: seen, o: at(10) }))).toBe('stays')
  })

  test('goes when all that it holds has expired', () => {
    const expired = { seen: [1, 256], expired: [1, 256] }
    expect(fateOf(old(expired))).toBe('goes')
    const more = bucket(0, { events: [{ first: 1, last: 41, at: at(3), what: 'arrived' }] })
    expect(fateOf(old({ seen: [1, 41], ended: 40, expired: [1, 40] }, more))).toBe('stays')
  })

  test('stays when the set of what expired would have too many ranges', () => {
    const expired = Array.from({ length: limits.rangesPerStream }, (_, i) => [
      1_025 + 512 * i,
      1_280 + 512 * i,
    ])
    expect(rangeCount(expired.flat())).toBe(limits.rangesPerStream)
    expect(fateOf(old({ seen: [1, 9_000_000], expired: expired.flat() }))).toBe('stays')
    expect(fateOf(old({ seen: [1, 9_000_000], expired: expired.slice(1).flat() }))).toBe('expires')
  })
})

const expiring = (...args: Parameters<typeof old>) => ({ ...old(...args), known: at(5) })

describe('expiries', () => {
  test('join neighbours, and hold no more than a record may', () => {
    const whole = { seen: [1, 1_000_000] }
    const buckets = Array.from({ length: 70 }, (_, index) => expiring(whole, bucket(index)))
    const records = expiriesOf(buckets)
    expect(records.map(({ raw }) => raw.map(({ ranges }) => ranges))).toEqual([
      [[1, 8_192]],
      [[8_193, 16_384]],
      [[16_385, 17_920]],
    ])
    for (const record of records) expect(decodeExpire(encodeExpire(record))).toEqual(record)
  })

  test('are of one device each, and name an epoch once', () => {
    const whole = { seen: [1, 1_000_000] }
    const other = expiring({ ...whole, id: 'b/s/1', device: 'b' }, bucket(0, { device: 'b' }))
    const records = expiriesOf([expiring(whole, bucket(0)), other, expiring(whole, bucket(7))])
    expect(records.map(({ device, raw }) => [device, raw.map(({ ranges }) => ranges)])).toEqual([
      ['a', [[1, 256, 1_793, 2_048]]],
      ['b', [[1, 256]]],
    ])
  })
})

const keep: Retention = {
  raw: 90 * day,
  '10s': 7 * day,
  '1m': 90 * day,
  hour: null,
  day: null,
  week: null,
  month: null,
  year: null,
}

describe('a level', () => {
  const stream = (lags: readonly (readonly [number, number])[] | null, expiredBefore = {}) => ({
    ...streamOf('a', 's', at(1)),
    smallestTime: now - 400 * day,
    lags,
    expiredBefore,
  })
  const beforeOf = (...args: Parameters<typeof stream>) =>
    Object.fromEntries(dueLevels(stream(...args), keep, now).map(({ level, before }) => [level, before]))

  test('expires up to what got nothing for as long as it is kept', () => {
    const live = beforeOf([[now, 1_000]])
    expect(Object.keys(live)).toEqual(['10s', '1m'])
    expect(live['10s']).toBeLessThanOrEqual(now - 7 * day - 1_000)
    expect(live['10s']).toBeGreaterThan(now - 7.2 * day)
  })

  test('is not told of before its oldest reading', () => {
    const young = { ...stream([[now, 1_000]]), smallestTime: now - 8 * day }
    expect(dueLevels(young, keep, now).map(({ level }) => level)).toEqual(['10s'])
    expect(dueLevels({ ...young, smallestTime: null }, keep, now)).toEqual([])
  })

  test('waits for windows that a backfill reached within that time', () => {
    const backfilled = beforeOf([
      [now - 6 * day, 3 * day],
      [now, 1_000],
    ])
    expect(backfilled['10s']).toBeLessThanOrEqual(now - 10 * day)
    const longAgo = beforeOf([
      [now - 8 * day, 3 * day],
      [now, 1_000],
    ])
    expect(longAgo['10s']).toBeGreaterThan(now - 7.2 * day)
  })

  test('expires in steps, and never when nobody knows how late readings came', () => {
    const { '10s': before } = beforeOf([[now, 1_000]])
    expect(beforeOf([[now, 1_000]], { '10s': before, '1m': now })).toEqual({})
    expect(beforeOf(null)).toEqual({})
  })
})

test('sweeps are as frequent as the shortest retention asks for', () => {
  expect(sweepIntervalMs(keep)).toBe(600_000)
  expect(sweepIntervalMs({ ...keep, raw: 160_000 })).toBe(10_000)
  expect(sweepIntervalMs({ ...keep, raw: 1 })).toBe(1_000)
  expect(sweepLimits.numbersPerRecord).toBe(limits.numbersPerOperation)
})
