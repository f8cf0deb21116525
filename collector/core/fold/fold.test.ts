import {
  encodeRefusal,
  encodeSettings,
  encodeStatus,
  limits,
  offlineStatus,
  type Run,
  type Status,
} from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { createRoll, type RollStore } from '../roll.ts'
import { createMemoryLog } from '../testing/memory-log.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import { settings, settle, startOwner } from '../testing/owner.ts'
import {
  batchRecord,
  folded,
  ingestMs,
  noon,
  record,
  runOf,
  secondsFrom,
  site,
  stream,
  temperature,
} from './testing/rig.ts'

describe('the fold', () => {
  test('quarantines what is further ahead than the bridge marked: stored, receipted, in no window', async () => {
    const run = runOf(1, [noon, noon + 60_000_000])
    const { epoch, bucket, receipts, received } = await folded(batchRecord({ runs: [run] }, noon + 300_000))
    expect(epoch.seen).toEqual([1, 2])
    expect(epoch.quarantined).toEqual({ 'in the future': [2, 2] })
    expect(bucket?.events.map(({ first, what, reason }) => [first, what, reason])).toEqual([
      [1, 'arrived', undefined],
      [2, 'quarantined', 'in the future'],
    ])
    expect(received('day')).toEqual([1])
    expect(receipts[0]?.streams[0]?.stored).toEqual([1, 2])
  })

  test('a historical clock may be ahead; an uncertain one waits for release', async () => {
    const future = batchRecord({ clock: 'historical', runs: [runOf(1, [noon + 60_000_000])] }, noon)
    expect((await folded(future)).received('day')).toEqual([1])
    const uncertain = await folded(
      batchRecord({ clock: 'uncertain', clockErrorMs: 5_000, runs: [runOf(1, [noon])] }),
    )
    expect(uncertain.received('day')).toEqual([])
    expect(uncertain.epoch.quarantined).toEqual({ 'time uncertain': [1, 1] })
  })

  test('keeps no level shorter than the interval', async () => {
    expect((await folded(batchRecord({ runs: [runOf(1, [noon], 900_000)] }))).levels().sort()).toEqual([
      'day',
      'hour',
      'month',
      'week',
      'year',
    ])
    expect((await folded(batchRecord({ runs: [runOf(1, [noon], 86_400_000)] }))).levels().sort()).toEqual([
      'day',
      'month',
      'week',
      'year',
    ])
  })

  test('faults, starts and stops are entries of the bucket and of no window', async () => {
    const run: Run = {
      ...runOf(1, [noon, noon + 1_000]),
      marks: [{ index: 1, kind: 'fault', code: 'stuck', detail: 'stuck at 100.0' }],
    }
    const withFault = {
      ...run,
      columns: [{ metric: temperature, values: Float64Array.from([5, Number.NaN]), flags: null }],
    }
    const { bucket, epoch, stream, received } = await folded(batchRecord({ runs: [withFault] }))
    expect(epoch.seen).toEqual([1, 2])
    expect(bucket?.marks).toEqual([
      { seq: 2, time: noon + 1_000, kind: 'fault', code: 'stuck', detail: 'stuck at 100.0' },
    ])
    expect(stream.mark).toMatchObject({ code: 'stuck' })
    expect(received('day')).toEqual([1])
  })

  test('a lost range covers only numbers never seen, and heals when one arrives', async () => {
    const { epoch, receipts } = await folded(
      batchRecord({ runs: [runOf(2, [noon])] }),
      batchRecord({ lost: [{ ...stream, firstSeq: 1, lastSeq: 4, cause: 'buffer full' }] }),
      batchRecord({ runs: [runOf(3, [noon + 1_000])] }),
    )
    expect(epoch.seen).toEqual([2, 3])
    expect(epoch.lost).toEqual({ 'buffer full': [1, 1, 4, 4] })
    expect(receipts.at(-1)?.streams[0]).toMatchObject({ stored: [2, 3], lost: [1, 1, 4, 4] })
  })

  test('a refusal by the bridge makes the receipt, and gives way to a later arrival', async () => {
    const refused = record(
      'refusal',
      encodeRefusal({
        device: 'balcony',
        refused: [{ ...stream, firstSeq: 1, lastSeq: 2, reason: 'too-large' }],
      }),
    )
    const { epoch, receipts } = await folded(refused, batchRecord({ runs: [runOf(2, [noon])] }))
    expect(epoch.refused).toEqual({ 'too-large': [1, 1] })
    expect(receipts.at(-1)?.streams[0]?.refused).toEqual([{ firstSeq: 1, lastSeq: 1, reason: 'too-large' }])
  })

  test('a hello is answered with what is stored, also of an epoch that nobody knows', async () => {
    const unknown = { sensor: 'attic', epoch: '00000000000000cc' }
    const { receipts } = await folded(
      batchRecord({ runs: [runOf(1, [noon])] }),
      batchRecord({ hello: [stream, unknown] }),
    )
    const sets = receipts.at(-1)?.streams.map(({ sensor, stored }) => [sensor, stored])
    expect(sets).toContainEqual(['bme280', [1, 1]])
    expect(sets).toContainEqual(['attic', []])
  })

  test('a batch that is all repeats is receipted again: the receipt before may have been lost', async () => {
    const first = await folded(batchRecord({ runs: [runOf(1, [noon])] }))
    const before = first.receipts.length
    await first.log.append([batchRecord({ runs: [runOf(1, [noon])] })])
    await settle(first.log, first.store, (fresh) => first.receipts.push(...fresh))
    expect(first.receipts.length).toBe(before + 1)
    expect(first.receipts.at(-1)?.streams[0]?.stored).toEqual([1, 1])
    expect(first.received('day')).toEqual([1])
  })

  test('days follow the zone of the site, which comes with the record or before it', async () => {
    const { store, device } = await folded(
      batchRecord({ site: site(1, 'Asia/Tokyo', limits.earliestTimeMs), runs: [runOf(1, [noon])] }),
      batchRecord({ site: site(2, 'Europe/Vienna', noon + 86_400_000) }),
      batchRecord({ runs: [runOf(2, [noon + 1_000, noon + 2 * 86_400_000])] }),
    )
    expect(device.sites.map((one) => [one.version, one.timeZone])).toEqual([
      [1, 'Asia/Tokyo'],
      [2, 'Europe/Vienna'],
    ])
    const days = store.rollups().filter((rollup) => rollup.level === 'day')
    expect(
      days.map(({ timeZone, start, received }) => [timeZone, new Date(start).toISOString(), received]),
    ).toEqual([
      ['Asia/Tokyo', '2026-05-31T15:00:00.000Z', 2],
      ['Europe/Vienna', '2026-06-02T22:00:00.000Z', 1],
    ])
  })

  test('a window that changes after it was over gets a revision for each such record, and only then', async () => {
    const { store, stream } = await folded(
      batchRecord({ runs: [runOf(1, secondsFrom(noon, 5))] }),
      batchRecord({ runs: [runOf(20, [noon + 60_000])] }),
      batchRecord({ runs: [runOf(6, secondsFrom(noon + 5_000, 2))] }),
      batchRecord({ runs: [runOf(8, secondsFrom(noon + 7_000, 2))] }),
    )
    expect(store.documents.rollups.get(`balcony/bme280/10s/${noon}`)).toMatchObject({
      revision: 2,
      received: 9,
    })
    expect(store.documents.rollups.get(`balcony/bme280/day/${Date.UTC(2026, 5, 1, 4)}`)).toMatchObject({
      revision: 0,
      received: 10,
    })
    expect(stream.lateRecords).toBe(2)
  })

  test('a summary is folded whole into windows of a minute and more, or refused whole', async () => {
    const figures = {
      metric: temperature,
      count: 60,
      flagged: 0,
      suspect: 0,
      sum: 600,
      sine: 0,
      cosine: 0,
      min: 5,
      minAt: noon,
      max: 20,
      maxAt: noon + 1,
      first: 5,
      firstAt: noon,
      last: 20,
      lastAt: noon + 59_000,
    }
    const summary = {
      ...stream,
      firstSeq: 1,
      lastSeq: 60,
      intervalMs: 1_000,
      minutes: [{ start: noon, received: 60, figures: [figures] }],
    }
    const taken = await folded(
      batchRecord({ summaries: [summary] }),
      batchRecord({ runs: [runOf(7, [noon + 6_000])] }),
    )
    expect(taken.epoch.seen).toEqual([1, 60])
    expect(taken.received('1m')).toEqual([60])
    expect(taken.levels()).not.toContain('10s')
    const refused = await folded(
      batchRecord({ runs: [runOf(7, [noon + 6_000])] }),
      batchRecord({ summaries: [summary] }),
    )
    expect(refused.epoch).toMatchObject({ seen: [7, 7], refused: { overlap: [1, 6, 8, 60] } })
    expect(refused.received('1m')).toEqual([1])
  })

  test('a status tells what was accepted; the last will only that the device is gone', async () => {
    const sensor = {
      ...stream,
      type: 'bme280',
      intervalMs: 1_000,
      origin: 'measured' as const,
      accepted: 9,
      backlog: 4,
      fault: null,
    }
    const status: Status = { ...offlineStatus, online: true, agentVersion: '1.0.0', sensors: [sensor] }
    const { device, epoch } = await folded(
      record('status', encodeStatus(status)),
      record('status', encodeStatus(offlineStatus)),
    )
    expect(device).toMatchObject({ online: false, agentVersion: '1.0.0', statusAt: ingestMs })
    expect(epoch.accepted).toBe(9)
  })

  test('a declared end is kept and receipted', async () => {
    const { epoch, receipts } = await folded(batchRecord({ ended: [{ ...stream, lastSeq: 12 }] }))
    expect(epoch).toMatchObject({ ended: 12, accepted: 12 })
    expect(receipts.at(-1)?.streams[0]?.ended).toBe(13)
  })

  test('a set of numbers that would fall into too many ranges is refused instead', async () => {
    const perBatch = 256
    const odd = Array.from({ length: limits.rangesPerStream + 1 }, (_, i) => 2 * i + 1)
    const records = []
    for (let i = 0; i < odd.length; i += perBatch)
      records.push(batchRecord({ runs: odd.slice(i, i + perBatch).map((seq) => runOf(seq, [noon + seq])) }))
    const { epoch } = await folded(...records)
    expect(epoch.seen.length / 2).toBe(limits.rangesPerStream)
    expect(epoch.refused).toEqual({ 'too fragmented': [odd.at(-1), odd.at(-1)] })
  })

  test('a record that nobody can read is passed over', async () => {
    const { received } = await folded(
      record('batch', Uint8Array.of(1, 2, 3)),
      batchRecord({ runs: [runOf(1, [noon])] }),
    )
    expect(received('day')).toEqual([1])
  })
})

describe('the log under the roll', () => {
  test('holds the settings before the roll says that it is ready, and only when they are new', async () => {
    const log = createMemoryLog()
    const store = createMemoryStore()
    for (let start = 0; start < 2; start++) {
      const owner = startOwner(log, store)
      await owner.announced
      expect((await log.read(0, 0, 10)).map(({ kind }) => kind)).toEqual(['settings'])
      owner.stop()
      await owner.done
    }
  })

  test('an owner that reads a document while another has checkpointed further drops what it has and goes on there', async () => {
    const log = createMemoryLog()
    const store = createMemoryStore()
    const records = Array.from({ length: 20 }, (_, i) =>
      batchRecord({ runs: [runOf(i + 1, [noon + i * 1_000])] }),
    )
    await log.append([{ ...record('settings', encodeSettings(settings)), partition: 0 }, ...records])
    let folded = 0
    let hasOvertaken = false
    const ending = new AbortController()
    const overtaken: RollStore = {
      ...store,
      async read(collection, ids) {
        // While the slow one asks for its first bucket, another folds everything and moves the checkpoint.
        if (collection === 'readings' && !hasOvertaken) {
          hasOvertaken = true
          await settle(log, store)
        }
        return store.read(collection, ids)
      },
    }
    const slow = createRoll({
      log,
      store: overtaken,
      partition: 0,
      settings,
      flushIntervalMs: 1,
      publish: () => {},
      report: (report) => {
        folded = report.fresh
        if (report.behind === 0) ending.abort()
      },
      clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    })
    await slow.run(ending.signal)
    expect(hasOvertaken).toBe(true)
    expect(folded).toBe(0)
    expect(store.rollups().find(({ level }) => level === 'day')?.received).toBe(20)
  })

  test('a log that was cut behind what was folded stops the roll with the way out', async () => {
    const { log, store } = await folded(
      batchRecord({ runs: [runOf(1, [noon])] }),
      batchRecord({ runs: [runOf(2, [noon])] }),
    )
    log.cut(0, 2)
    await expect(startOwner(log, store).done).rejects.toMatchObject({
      code: 'log-cut',
      hint: expect.stringContaining('old log back'),
    })
  })

  test('a log with another record where one was folded stops the roll', async () => {
    const { log, store } = await folded(batchRecord({ runs: [runOf(1, [noon])] }))
    log.cut(0, 1)
    await log.append([batchRecord({ runs: [runOf(5, [noon])] })])
    await expect(startOwner(log, store).done).rejects.toMatchObject({ code: 'log-cut' })
  })

  test('another log stops the roll', async () => {
    const { store } = await folded(batchRecord({ runs: [runOf(1, [noon])] }))
    const other = createMemoryLog({ id: 'other' })
    await expect(startOwner(other, store).done).rejects.toMatchObject({ code: 'other-log' })
  })
})
