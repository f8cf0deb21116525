import { encodeStatus, offlineStatus, type Run } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import type { NewRecord } from '../log.ts'
import {
  batchRecord,
  expireRecord,
  folded,
  noon,
  record,
  releaseRecord,
  runOf,
  secondsFrom,
  site,
  summaryOf,
  temperature,
} from './testing/rig.ts'

/** Entries that are quarantined for their clock. */
const uncertain = (run: Run): NewRecord =>
  batchRecord({ clock: 'uncertain', clockErrorMs: 5_000, runs: [run] })

/** What two logs that mean the same must agree about. */
const comparable = ({ store }: Awaited<ReturnType<typeof folded>>) =>
  store.rollups().map(({ o: _, revision: _r, revisedAt: _a, ...rest }) => rest)

describe('a release', () => {
  test('lets quarantined readings count as if they had arrived now', async () => {
    const run = runOf(1, secondsFrom(noon, 5))
    const held = await folded(uncertain(run))
    expect(held.received('day')).toEqual([])
    const released = await folded(uncertain(run), releaseRecord([1, 5]))
    expect(comparable(released)).toEqual(comparable(await folded(batchRecord({ runs: [run] }))))
    expect(released.epoch).toMatchObject({ seen: [1, 5], quarantined: {} })
    expect(released.bucket?.events.map(({ what, first, last, at }) => [what, first, last, at.n])).toEqual([
      ['quarantined', 1, 5, 1],
      ['released', 1, 5, 2],
    ])
    expect(released.stream).toMatchObject({
      largestTime: noon + 4_000,
      smallestTime: noon,
      intervalMs: 1_000,
    })
    expect(released.stream.latest).toEqual({ time: noon + 4_000, values: { temperature: [50, 0] } })
  })

  test('acts once per number, however often it is said', async () => {
    const run = runOf(1, secondsFrom(noon, 6))
    const twice = await folded(
      uncertain(run),
      releaseRecord([1, 2]),
      releaseRecord([1, 4]),
      releaseRecord([2, 3]),
    )
    expect(twice.received('day')).toEqual([4])
    expect(twice.epoch.quarantined).toEqual({ 'time uncertain': [5, 6] })
    expect(twice.bucket?.events.slice(1).map(({ first, last, at }) => [first, last, at.n])).toEqual([
      [1, 2, 2],
      [3, 4, 3],
    ])
  })

  test('leaves alone what was not quarantined, is not there, was thinned, or comes later', async () => {
    const { epoch, bucket, received } = await folded(
      batchRecord({ runs: [runOf(1, secondsFrom(noon, 3))], summaries: [summaryOf(61, noon + 60_000, 1)] }),
      releaseRecord([1, 200]),
      uncertain(runOf(10, secondsFrom(noon + 10_000, 2))),
    )
    expect(received('day')).toEqual([63])
    expect(epoch.quarantined).toEqual({ 'time uncertain': [10, 11] })
    expect(bucket?.events.filter(({ what }) => what === 'released')).toEqual([])
  })

  test('has no power over expired numbers', async () => {
    const { epoch, received } = await folded(
      uncertain(runOf(1, secondsFrom(noon, 4))),
      expireRecord([1, 2]),
      releaseRecord([1, 4]),
    )
    expect(epoch).toMatchObject({ seen: [1, 4], expired: [1, 2], quarantined: {} })
    expect(received('day')).toEqual([2])
  })

  test('of a reading of a window that is over is a revision, and counts as late', async () => {
    const { stream, rollups } = await folded(
      uncertain(runOf(1, [noon])),
      batchRecord({ runs: [runOf(2, [noon + 86_400_000])] }),
      releaseRecord([1, 1]),
    )
    expect(rollups('day').map(({ received, revision }) => [received, revision])).toEqual([
      [1, 1],
      [1, 0],
    ])
    expect(stream).toMatchObject({ lateRecords: 1, lateReadings: 1, largestTime: noon + 86_400_000 })
    expect(stream.latest?.values).toEqual({ temperature: [20, 0] })
  })

  test('puts readings into the days of the zone that is known when it comes', async () => {
    const newSite = batchRecord({ site: site(1, 'Asia/Tokyo', 0) })
    const { rollups } = await folded(uncertain(runOf(1, [noon])), newSite, releaseRecord([1, 1]))
    expect(rollups('day').map(({ timeZone }) => timeZone)).toEqual(['Asia/Tokyo'])
  })

  test('brings out faults too, which count in no window', async () => {
    const columns = [{ metric: temperature, values: Float64Array.of(5, Number.NaN), flags: null }]
    const marks = [{ index: 1, kind: 'fault', code: 'stuck', detail: 'stuck at 100.0' }] as const
    const run: Run = { ...runOf(1, [noon, noon + 1_000]), columns, marks }
    expect((await folded(uncertain(run))).stream.mark).toBeNull()
    const { stream, received } = await folded(uncertain(run), releaseRecord([1, 2]))
    expect(stream.mark).toMatchObject({ code: 'stuck', time: noon + 1_000 })
    expect(received('day')).toEqual([1])
  })

  test('is no sign of life of the device', async () => {
    const offline = record('status', encodeStatus(offlineStatus))
    const later = { ...releaseRecord([1, 1]), ingestMs: noon + 99_000_000 }
    const before = await folded(uncertain(runOf(1, [noon])), offline)
    const { device } = await folded(uncertain(runOf(1, [noon])), offline, later)
    expect(device).toEqual(before.device)
  })

  test('keeps flags, custom metrics and the intervals that the readings had', async () => {
    const custom = { ...temperature, name: 'leafWetness', number: 0, unit: '1', label: 'leafWetness' }
    const run: Run = {
      ...runOf(255, secondsFrom(noon, 4)),
      columns: [
        { metric: temperature, values: Float64Array.of(5, 6, 7, 8), flags: Uint8Array.of(0, 3, 0, 0) },
        { metric: custom, values: Float64Array.of(1, Number.NaN, 3, 4), flags: null },
      ],
    }
    const slow = runOf(259, [noon + 20_000], 10_000)
    const both = { runs: [run, slow] }
    const released = await folded(
      batchRecord({ clock: 'uncertain', clockErrorMs: 1, ...both }),
      releaseRecord([1, 300]),
    )
    expect(comparable(released)).toEqual(comparable(await folded(batchRecord(both))))
  })

  test('could not act on a summary: one whose time is not to be trusted is refused whole, in no window', async () => {
    const [minute, later] = [summaryOf(1, noon, 1), summaryOf(61, noon + 3_600_000, 1)]
    const { epoch, store } = await folded(
      { ...batchRecord({ summaries: [minute, later] }), quarantineAfterMs: noon + 300_000 },
      batchRecord({ clock: 'uncertain', clockErrorMs: 5_000, summaries: [summaryOf(121, noon, 1)] }),
    )
    expect(epoch).toMatchObject({
      seen: [1, 60],
      quarantined: {},
      refused: { 'in the future': [61, 120], 'time uncertain': [121, 180] },
    })
    expect(
      store
        .rollups()
        .filter(({ level }) => level === '1m')
        .map(({ start }) => start),
    ).toEqual([noon])
    const historical = await folded({
      ...batchRecord({ clock: 'historical', summaries: [later] }),
      quarantineAfterMs: noon + 300_000,
    })
    expect(historical.epoch.seen).toEqual([61, 120])
  })
})
