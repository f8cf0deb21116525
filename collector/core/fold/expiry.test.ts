import { encodeRefusal, limits, type Run } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
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
  stream,
  summaryOf,
} from './testing/rig.ts'

const run = runOf(1, secondsFrom(noon, 5))
const hour = 3_600_000
const day = 24 * hour
const lost = (firstSeq: number, lastSeq: number) =>
  batchRecord({ lost: [{ ...stream, firstSeq, lastSeq, cause: 'buffer full' }] })

describe('an expiry of raw entries', () => {
  test('is void when a site came after they were chosen, and takes effect when none did', async () => {
    const before = [batchRecord({ runs: [run], site: site(1, 'UTC', 0) })]
    const moved = batchRecord({ site: site(2, 'Asia/Tokyo', 0) })
    // The rig's settings are record 0.
    const unknowing = await folded(...before, moved, expireRecord([1, 5], [], { g: 0, n: 2 }))
    expect(unknowing.epoch).toMatchObject({ expired: [] })
    expect(unknowing.rollups('day').map(({ sealed }) => sealed)).not.toContain(true)
    const knowing = await folded(...before, moved, expireRecord([1, 5], [], { g: 0, n: 3 }))
    expect(knowing.epoch).toMatchObject({ expired: [1, 5] })
    const later = await folded(...before, expireRecord([1, 5], [], { g: 0, n: 2 }), moved)
    expect(later.epoch).toMatchObject({ expired: [1, 5] })
  })

  test('leaves what was stored stored, and refuses what was never seen', async () => {
    const { epoch, receipts } = await folded(
      batchRecord({ runs: [run] }),
      lost(6, 7),
      record(
        'refusal',
        encodeRefusal({
          device: 'balcony',
          refused: [{ ...stream, firstSeq: 8, lastSeq: 8, reason: 'too old' }],
        }),
      ),
      expireRecord([1, 10]),
    )
    expect(epoch).toMatchObject({
      seen: [1, 5],
      expired: [1, 10],
      lost: { 'buffer full': [6, 7] },
      refused: { 'too old': [8, 8], expired: [9, 10] },
    })
    const said = receipts[receipts.length - 1]?.streams[0]
    expect([said?.stored, said?.lost]).toEqual([
      [1, 5],
      [6, 7],
    ])
    expect(said?.refused.map(({ firstSeq, lastSeq, reason }) => [firstSeq, lastSeq, reason])).toEqual([
      [8, 8, 'too old'],
      [9, 10, 'expired'],
    ])
  })

  test('tells the sender of a late arrival, a lost one too, and nothing else comes of it', async () => {
    const {
      epoch,
      received,
      bucket,
      stream: kept,
    } = await folded(
      batchRecord({ runs: [run] }),
      lost(6, 7),
      expireRecord([1, 7]),
      batchRecord({ runs: [runOf(4, secondsFrom(noon + 3_000, 5))] }),
    )
    expect(epoch).toMatchObject({ seen: [1, 5, 8, 8], lost: {}, refused: { expired: [6, 7] } })
    expect(received('day')).toEqual([6])
    expect(bucket?.times.filter((time) => time !== null)).toHaveLength(6)
    expect(kept.largestTime).toBe(noon + 7_000)
  })

  test('is not undone by a loss that is declared later', async () => {
    const { epoch } = await folded(expireRecord([1, 4]), lost(3, 6))
    expect(epoch).toMatchObject({ refused: { expired: [1, 4] }, lost: { 'buffer full': [5, 6] } })
  })

  test('seals the windows that hold what went, and no others', async () => {
    const { rollups, device } = await folded(
      batchRecord({ runs: [run, runOf(6, [noon + 2 * day])] }),
      expireRecord([1, 5]),
    )
    expect(rollups('day').map(({ sealed }) => sealed)).toEqual([true, false])
    expect(rollups('10s').map(({ sealed }) => sealed)).toEqual([true, false])
    expect(rollups('month').map(({ sealed }) => sealed)).toEqual([true])
    const [sealedDay] = rollups('day')
    expect(device.sealedUntil).toMatchObject({
      '10s': noon + 10_000,
      '1m': noon + 60_000,
      day: sealedDay?.end,
    })
  })

  test('seals nothing for entries that counted in no window', async () => {
    const fault: Run = {
      ...runOf(1, [noon]),
      columns: [],
      marks: [{ index: 0, kind: 'fault', code: 'stuck', detail: '' }],
    }
    const held = batchRecord({ clock: 'uncertain', clockErrorMs: 1, runs: [runOf(2, [noon + 1_000])] })
    const { rollups, device } = await folded(
      batchRecord({ runs: [fault, runOf(3, [noon + 2_000])] }),
      held,
      expireRecord([1, 2]),
    )
    expect(rollups('day').map(({ sealed, received }) => [sealed, received])).toEqual([[false, 1]])
    expect(device.sealedUntil).toEqual({})
  })

  test('seals the windows of a reading that was released', async () => {
    const { rollups } = await folded(
      batchRecord({ clock: 'uncertain', clockErrorMs: 1, runs: [run] }),
      releaseRecord([1, 5]),
      expireRecord([1, 5]),
    )
    expect(rollups('day').map(({ sealed, received }) => [sealed, received])).toEqual([[true, 5]])
  })

  test('seals all windows of a summary of which one number goes', async () => {
    const summary = summaryOf(200, noon, 3)
    const { rollups, epoch } = await folded(batchRecord({ summaries: [summary] }), expireRecord([257, 260]))
    expect(rollups('1m').map(({ sealed }) => sealed)).toEqual([true, true, true])
    expect(epoch).toMatchObject({ seen: [200, 379], expired: [257, 260] })
    const other = await folded(
      batchRecord({ summaries: [summary], runs: [runOf(100, [noon - hour])] }),
      expireRecord([100, 150]),
    )
    expect(other.rollups('1m').map(({ sealed }) => sealed)).toEqual([true, false, false, false])
  })

  test('seals a window in the zone that it was made in', async () => {
    const { rollups } = await folded(
      batchRecord({ runs: [run] }),
      batchRecord({ site: site(1, 'Asia/Tokyo', 0) }),
      expireRecord([1, 5]),
    )
    expect(rollups('day').map(({ sealed, timeZone }) => [sealed, timeZone])).toEqual([
      [true, 'America/New_York'],
    ])
  })

  test('a sealed window takes readings that come late, and stays sealed', async () => {
    const { rollups } = await folded(
      batchRecord({ runs: [run] }),
      expireRecord([1, 5]),
      batchRecord({ runs: [runOf(6, [noon + 5_000])] }),
    )
    expect(
      rollups('10s').map(({ sealed, received, metrics }) => [sealed, received, metrics.temperature?.sum]),
    ).toEqual([[true, 6, 10 + 20 + 30 + 40 + 50 + 60]])
  })

  test('keeps a summary out that covers one expired number', async () => {
    const { epoch, received } = await folded(
      batchRecord({ runs: [run] }),
      expireRecord([1, 5]),
      batchRecord({ summaries: [summaryOf(5, noon, 1)] }),
    )
    expect(received('1m')).toEqual([5])
    expect(epoch).toMatchObject({ seen: [1, 5], refused: { overlap: [6, 64] } })
  })

  test('beyond the bound of ranges does not happen', async () => {
    const step = 3
    const most = limits.rangesPerStream
    const records = Array.from({ length: Math.ceil((most + 1) / limits.partsPerBatch) }, (_, i) => {
      const ranges = Array.from({ length: limits.partsPerBatch }, (_, j) => {
        const first = 1 + (i * limits.partsPerBatch + j) * step
        return [first, first]
      })
      return expireRecord(ranges.flat())
    })
    const { epoch } = await folded(...records)
    expect(epoch.expired).toHaveLength(2 * most)
    expect(epoch.refused.expired).toEqual(epoch.expired)
  })
})

describe('an expiry of a level', () => {
  const tenSeconds = { sensor: 'bme280', level: '10s', before: noon + 20_000 }

  test('keeps readings out of its windows that end by then, and in all others', async () => {
    const { rollups, stream: kept } = await folded(
      expireRecord([], [tenSeconds]),
      batchRecord({ runs: [runOf(1, secondsFrom(noon, 30))] }),
    )
    expect(kept.expiredBefore).toEqual({ '10s': noon + 20_000 })
    expect(rollups('10s').map(({ start, received }) => [start, received])).toEqual([[noon + 20_000, 10]])
    expect(rollups('1m').map(({ received }) => received)).toEqual([30])
  })

  test('never goes back, and a level that nobody knows is passed over', async () => {
    const { stream: kept } = await folded(
      expireRecord([], [tenSeconds, { ...tenSeconds, before: noon }, { ...tenSeconds, level: 'decade' }]),
    )
    expect(kept.expiredBefore).toEqual({ '10s': noon + 20_000 })
  })

  test('leaves its windows unsealed when their readings expire', async () => {
    const { rollups } = await folded(
      batchRecord({ runs: [run] }),
      expireRecord([], [tenSeconds]),
      expireRecord([1, 5]),
    )
    expect(rollups('10s').map(({ sealed }) => sealed)).toEqual([false])
    expect(rollups('1m').map(({ sealed }) => sealed)).toEqual([true])
  })
})

describe('quarantine', () => {
  /** A clock that goes to and fro: every second reading is in the future. */
  const wild = (firstSeq: number, count: number): Run =>
    runOf(
      firstSeq,
      Array.from({ length: count }, (_, i) => noon + (i % 2 === 0 ? i : 10 * day + i)),
    )
  const record1 = (run: Run) => batchRecord({ runs: [run] }, noon + hour)
  const each = 2_000
  const batches = Array.from({ length: 4 }, (_, i) => record1(wild(1 + i * each, each)))

  test('has a bound of ranges; a run that would exceed it is refused whole, and others are taken', async () => {
    const full = await folded(
      ...batches,
      record1(wild(8_001, each)),
      batchRecord({ runs: [runOf(10_001, [noon])] }, noon + hour),
    )
    expect(full.epoch.quarantined['in the future']).toHaveLength(each * 4)
    expect(full.epoch.seen).toEqual([1, 8_000, 10_001, 10_001])
    expect(full.epoch.refused).toEqual({ 'quarantine full': [8_001, 10_000] })
  })

  test('has room again after a release, also for what was refused', async () => {
    const { epoch } = await folded(
      ...batches,
      record1(wild(8_001, each)),
      releaseRecord([1, 4_000]),
      record1(wild(8_001, each)),
    )
    expect(epoch.seen).toEqual([1, 10_000])
    expect(epoch.refused).toEqual({})
  })

  test('takes repeats of what it holds when it is full', async () => {
    const { epoch } = await folded(...batches, record1(wild(8_001, 190)), record1(wild(1, each)))
    expect(epoch).toMatchObject({ seen: [1, 8_190], refused: {} })
  })
})
