import { decodeRelease, encodeRelease, limits, type RangeSet } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { at, epochOf } from '../store/testing/documents.ts'
import { extentOf, releasesOf, type Waiting, waitingIn } from './quarantine.ts'

const epoch = {
  ...epochOf(['balcony', 'bme280', '00000000000000aa'], 0, at(1)),
  quarantined: { 'time uncertain': [1, 100], 'in the future': [200, 210, 300, 300] },
}
const order = { by: 'me', why: 'the clock was right' }

describe('what waits for release', () => {
  const found = (selection: Parameters<typeof waitingIn>[1]) =>
    waitingIn(epoch, selection).map(({ reason, numbers }) => [reason, numbers])

  test('is found by sensor, epoch, reason and numbers', () => {
    const all = [
      ['in the future', [200, 210, 300, 300]],
      ['time uncertain', [1, 100]],
    ]
    expect(found({})).toEqual(all)
    expect(found({ sensor: 'bme280', epoch: '00000000000000aa' })).toEqual(all)
    expect(found({ sensor: 'dht22' })).toEqual([])
    expect(found({ epoch: '00000000000000bb' })).toEqual([])
    expect(found({ reason: 'time uncertain' })).toEqual([all[1]])
    expect(found({ firstSeq: 50, lastSeq: 205 })).toEqual([
      ['in the future', [200, 205]],
      ['time uncertain', [50, 100]],
    ])
    expect(extentOf(waitingIn(epoch, {}))).toEqual({ count: 112, ranges: 3 })
  })
})

describe('releases', () => {
  const waiting = (device: string, numbers: RangeSet): Waiting => ({
    device,
    sensor: 'bme280',
    epoch: '00000000000000aa',
    reason: 'in the future',
    numbers,
  })
  const rangesOf = (...all: Waiting[]) =>
    releasesOf(all, order).map(({ device, ranges }) => [
      device,
      ...ranges.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]),
    ])

  test('are of one device each', () => {
    expect(rangesOf(waiting('a', [1, 2, 5, 6]), waiting('b', [3, 4]))).toEqual([
      ['a', [1, 2], [5, 6]],
      ['b', [3, 4]],
    ])
    expect(rangesOf()).toEqual([])
  })

  test('hold no more numbers and ranges than a record may', () => {
    const most = limits.numbersPerOperation
    expect(rangesOf(waiting('a', [1, 2, 11, 2 * most]))).toEqual([
      ['a', [1, 2], [11, most + 8]],
      ['a', [most + 9, 2 * most]],
    ])
    const singles = Array.from({ length: 1_000 }, (_, i) => [2 * i + 1, 2 * i + 1]).flat()
    const releases = releasesOf([waiting('a', singles)], order)
    expect(releases.map(({ ranges }) => ranges.length)).toEqual([512, 488])
    for (const release of releases) expect(decodeRelease(encodeRelease(release))).toEqual(release)
  })
})
