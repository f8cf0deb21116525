import { join } from 'node:path'
import {
  type Batch,
  CodedError,
  decodeBatch,
  encodeReceipt,
  lastOf,
  type Metric,
  metricByName,
  rangeOf,
  sizeOf,
  type StreamReceipt,
} from '@barograph/proto'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteBuffer } from '../../buffer/sqlite.ts'
import { bufferOptions, temporaryFolder } from '../../buffer/testing.ts'
import type { Buffer, BufferedStream } from '../buffer.ts'
import { createFakeClock, type FakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import { createShipper, type Shipper, type ShipperOptions, shippingLimits } from './shipper.ts'

const epoch = '00000000000000aa'
const temperature = metricByName('temperature') as Metric
const site = { name: 'Here', latitude: 1, longitude: 2, altitudeM: 3, timeZone: 'UTC' }

interface Rig {
  readonly clock: FakeClock
  readonly buffer: Buffer
  readonly shipper: Shipper
  readonly sent: Batch[]
  accept(sensor: string, count: number): Promise<void>
  receive(parts: Partial<StreamReceipt> | null, siteVersion?: number): Promise<void>
  /** Connects, and answers the hello: the site is known, nothing is stored. */
  greet(): Promise<void>
  drop(): void
}

let folder: ReturnType<typeof temporaryFolder>
const open: Buffer[] = []
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(async () => {
  for (const buffer of open.splice(0)) await buffer.close()
  folder.remove()
})

function makeRig(
  more: Partial<ShipperOptions> & { epoch?: string; ack?: boolean; historical?: string; thin?: true } = {},
): Rig {
  const clock = createFakeClock()
  const room = more.thin ? ({ whenFull: 'thin', maxMb: 0.2 } as const) : {}
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { clock, epoch: more.epoch ?? epoch, ...room }))
  open.push(buffer)
  const sent: Batch[] = []
  let fail: (() => void)[] = []
  const shipper = createShipper({
    device: 'balcony',
    site,
    buffer,
    clock,
    log: silentLog,
    lingerMs: 0,
    maxBatchEntries: 10,
    backfillPerSecond: 1_000_000,
    creditEntries: 1_000,
    send: (bytes) => {
      sent.push(decodeBatch(bytes))
      if (more.ack !== false) return Promise.resolve()
      return new Promise((_, reject) =>
        fail.push(() => reject(new CodedError('offline', 'gone', { retryable: true }))),
      )
    },
    ...more,
  })
  const historicalSensor = more.historical
  const rig: Rig = {
    clock,
    buffer,
    shipper,
    sent,
    async accept(sensor, count) {
      buffer.register(sensor, { intervalMs: 1_000, historical: sensor === historicalSensor })
      const entries = Array.from({ length: count }, (_, i) => ({
        time: clock.now() + i,
        monotonicMs: clock.monotonicMs(),
        values: [{ metric: temperature, thousandths: i, flag: 0 }],
        mark: null,
      }))
      await Promise.all([buffer.accept({ sensor, entries }), clock.pass(200)])
      await clock.pass(0)
    },
    async receive(parts, siteVersion = buffer.site.version) {
      const stream = { sensor: 'attic', epoch, logged: [], stored: [], lost: [], refused: [], ended: 0 }
      const streams = parts ? [{ ...stream, ...parts }] : []
      shipper.received(encodeReceipt({ collectorTime: clock.now(), siteVersion, streams }))
      await clock.pass(0)
    },
    async greet() {
      shipper.connected()
      await clock.pass(0)
      await rig.receive(null)
    },
    drop() {
      shipper.disconnected()
      for (const one of fail.splice(0)) one()
      fail = []
    },
  }
  return rig
}

/** What readings a batch carries: `attic 1-3`. */
const ranges = (batch: Batch): string[] =>
  batch.runs.map((run) => `${run.sensor} ${run.firstSeq}-${run.firstSeq + run.times.length - 1}`)
const readings = (rig: Rig): string[] => rig.sent.flatMap(ranges)

describe('greeting', () => {
  test('a site that nobody confirms keeps readings here, and that is said once', async () => {
    const warnings: string[] = []
    const log = { ...silentLog, warn: (_: object, words: string) => void warnings.push(words) }
    const rig = makeRig({ log })
    await rig.accept('attic', 3)
    rig.shipper.connected()
    await rig.clock.pass(shippingLimits.siteSilentMs - 1_000)
    expect(warnings).toEqual([])
    await rig.clock.pass(10 * shippingLimits.siteSilentMs)
    expect(readings(rig)).toEqual([])
    expect(warnings).toEqual([expect.stringMatching(/readings wait in the buffer/)])
    await rig.receive(null)
    expect(readings(rig)).toEqual(['attic 1-3'])
  })

  test('a site that nobody takes is said ever more rarely, and again at once on a new connection', async () => {
    const rig = makeRig()
    rig.shipper.connected()
    await rig.clock.pass(shippingLimits.siteRepeatMs + 2_000)
    expect(rig.sent.length).toBe(2)
    await rig.clock.pass(3_600_000)
    const count = rig.sent.length
    expect(count).toBeLessThan(80)
    // It does not end: whoever refused it may be told better.
    await rig.clock.pass(3_600_000)
    expect(rig.sent.length).toBeGreaterThan(count + 50)
    rig.drop()
    const before = rig.sent.length
    rig.shipper.connected()
    await rig.clock.pass(shippingLimits.siteRepeatMs + 2_000)
    expect(rig.sent.length).toBe(before + 2)
  })

  test('the first thing after a connect is a hello with the site and every stream that waits', async () => {
    const rig = makeRig()
    await rig.accept('attic', 3)
    await rig.accept('shed', 1)
    rig.shipper.connected()
    expect(rig.sent).toHaveLength(1)
    expect(rig.sent[0]).toMatchObject({
      device: 'balcony',
      siteVersion: rig.buffer.site.version,
      site: { ...site, version: rig.buffer.site.version, validFrom: -62_135_596_800_000 },
      hello: [
        { sensor: 'attic', epoch },
        { sensor: 'shed', epoch },
      ],
      runs: [],
    })
  })

  test('no reading is sent before a receipt knows the site, which is said again until then', async () => {
    const rig = makeRig()
    await rig.accept('attic', 3)
    rig.shipper.connected()
    await rig.receive(null, 0)
    await rig.accept('attic', 1)
    await rig.clock.pass(10_000)
    expect(readings(rig)).toEqual([])
    expect(rig.sent.filter((batch) => batch.site).length).toBeGreaterThanOrEqual(3)
    await rig.receive(null)
    expect(readings(rig)).toEqual(['attic 4-4', 'attic 1-3'])
    // Confirmed once, it is confirmed for the next connection too.
    rig.drop()
    rig.sent.length = 0
    rig.shipper.connected()
    await rig.accept('attic', 1)
    expect(readings(rig)).toEqual(['attic 5-5'])
  })

  test('without an answer to the hello, the backlog is sent after a few seconds anyway', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 3)
    rig.drop()
    rig.shipper.connected()
    await rig.clock.pass(1_000)
    expect(readings(rig)).toEqual(['attic 1-3'])
    await rig.clock.pass(shippingLimits.greetingMs)
    expect(readings(rig)).toEqual(['attic 1-3', 'attic 1-3'])
  })
})

describe('order and rate', () => {
  test('nothing is sent before its commit, and then at once', async () => {
    const rig = makeRig()
    await rig.greet()
    rig.buffer.accept({ sensor: 'attic', entries: [] }).catch(() => {})
    await rig.accept('attic', 2)
    expect(readings(rig)).toEqual(['attic 1-2'])
  })

  test('live entries go before the backlog, and the backlog goes oldest first', async () => {
    const rig = makeRig({ backfillPerSecond: 10 })
    await rig.accept('attic', 35)
    await rig.greet()
    for (let i = 0; i < 5; i++) {
      await rig.accept('attic', 1)
      await rig.clock.pass(800)
    }
    const order = readings(rig)
    const live = order.filter((one) => Number(one.split(/[ -]/)[1]) > 35)
    const backlog = order.filter((one) => Number(one.split(/[ -]/)[1]) <= 35)
    expect(live).toEqual(['attic 36-36', 'attic 37-37', 'attic 38-38', 'attic 39-39', 'attic 40-40'])
    expect(backlog.slice(0, 3)).toEqual(['attic 1-10', 'attic 11-20', 'attic 21-30'])
    expect(order.indexOf('attic 36-36')).toBeLessThan(order.indexOf('attic 11-20'))
  })

  test('the backlog keeps to its rate', async () => {
    const rig = makeRig({ backfillPerSecond: 20 })
    await rig.accept('attic', 500)
    await rig.greet()
    await rig.clock.pass(10_000)
    const count = rig.sent.flatMap(({ runs }) => runs).reduce((sum, { times }) => sum + times.length, 0)
    expect(count).toBeGreaterThanOrEqual(180)
    expect(count).toBeLessThanOrEqual(210)
  })

  test('live entries wait for company as long as lingerMs says, but not longer than a full batch takes', async () => {
    const rig = makeRig({ lingerMs: 20_000, maxBatchEntries: 4 })
    await rig.greet()
    for (let i = 0; i < 3; i++) await rig.accept('attic', 1)
    expect(readings(rig)).toEqual([])
    await rig.accept('attic', 1)
    expect(readings(rig)).toEqual(['attic 1-4'])
    await rig.accept('attic', 1)
    await rig.clock.pass(20_000)
    expect(readings(rig)).toEqual(['attic 1-4', 'attic 5-5'])
  })

  test('replayed data is sent in its own batches and says so', async () => {
    const rig = makeRig({ historical: 'airport' })
    await rig.accept('airport', 3)
    await rig.accept('attic', 3)
    await rig.greet()
    await rig.accept('airport', 1)
    await rig.clock.pass(100)
    const clocks = rig.sent.filter(({ runs }) => runs.length > 0).map((one) => [one.clock, ...ranges(one)])
    expect(clocks).toContainEqual(['synced', 'attic 1-3'])
    expect(clocks.filter(([kind]) => kind === 'historical').flatMap(([, ...rest]) => rest)).toEqual([
      'airport 1-3',
      'airport 4-4',
    ])
    for (const [kind, ...rest] of clocks)
      expect(rest.every((one) => one?.startsWith('airport') === (kind === 'historical'))).toBe(true)
  })

  test('older runs of the agent are sent before the current one, under their own epochs', async () => {
    const before = makeRig()
    await before.accept('attic', 3)
    await before.buffer.close()
    const rig = makeRig({ epoch: '00000000000000bb' })
    await rig.accept('attic', 2)
    await rig.greet()
    await rig.clock.pass(100)
    const runs = rig.sent.flatMap((batch) => batch.runs)
    expect(runs.map((run) => [run.epoch.slice(-2), run.firstSeq, run.times.length])).toEqual([
      ['aa', 1, 3],
      ['bb', 1, 2],
    ])
  })
})

describe('credit', () => {
  test('no more entries are under way than the credit allows, and a part of it is kept for live ones', async () => {
    const rig = makeRig({ creditEntries: 100 })
    await rig.accept('attic', 300)
    await rig.greet()
    await rig.clock.pass(2_000)
    expect(sentCount(rig)).toBe(75)
    await rig.accept('attic', 60)
    expect(sentCount(rig)).toBe(100)
    await rig.receive({ logged: rangeOf(1, 40) })
    await rig.clock.pass(100)
    // All live ones now; they keep the backlog out until more is in the log.
    expect(sentCount(rig)).toBe(75 + 60)
  })

  test('logged frees credit, but no row', async () => {
    const rig = makeRig({ creditEntries: 100 })
    await rig.greet()
    await rig.accept('attic', 5)
    await rig.receive({ logged: rangeOf(1, 5) })
    await rig.clock.pass(1_000)
    expect(rig.buffer.streams()[0]?.rows).toEqual([1, 5])
    await rig.receive({ stored: rangeOf(1, 5) })
    expect(rig.buffer.streams()[0]?.rows).toEqual([])
  })

  test('messages that the broker does not acknowledge are bounded', async () => {
    const rig = makeRig({ ack: false, maxBatchEntries: 1 })
    await rig.accept('attic', 300)
    await rig.greet()
    await rig.clock.pass(2_000)
    expect(rig.sent).toHaveLength(shippingLimits.unackedMessages)
  })
})

const sentCount = (rig: Rig): number =>
  rig.sent.flatMap(({ runs }) => runs).reduce((sum, { times }) => sum + times.length, 0)

describe('sending again', () => {
  test('after a reconnect everything that no receipt covers is sent again, and only that', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 10)
    await rig.receive({ stored: rangeOf(1, 4), logged: rangeOf(1, 7) })
    rig.drop()
    rig.sent.length = 0
    rig.shipper.connected()
    await rig.receive({ stored: rangeOf(1, 5), logged: rangeOf(1, 7) })
    await rig.clock.pass(100)
    expect(readings(rig)).toEqual(['attic 8-10'])
  })

  test('what something sent later overtook into the store is sent again after a while', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 2)
    await rig.accept('attic', 2)
    await rig.accept('attic', 2)
    await rig.receive({ logged: rangeOf(1, 6) })
    await rig.receive({ stored: [1, 2, 5, 6] })
    await rig.clock.pass(shippingLimits.overtakenMs - 3_000)
    expect(readings(rig)).toEqual(['attic 1-2', 'attic 3-4', 'attic 5-6'])
    await rig.clock.pass(4_000)
    expect(readings(rig)).toEqual(['attic 1-2', 'attic 3-4', 'attic 5-6', 'attic 3-4'])
  })

  test('what of an earlier connection is stored late proves nothing of what was sent since: a long queue does not grow by it', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 2)
    await rig.accept('attic', 2)
    rig.drop()
    rig.sent.length = 0
    rig.shipper.connected()
    await rig.accept('attic', 2)
    await rig.receive({})
    await rig.clock.pass(shippingLimits.overtakenMs)
    expect(readings(rig)).toEqual(['attic 5-6', 'attic 1-4'])
    await rig.receive({ stored: rangeOf(1, 4), logged: rangeOf(1, 6) })
    await rig.clock.pass(3 * shippingLimits.overtakenMs)
    expect(readings(rig)).toEqual(['attic 5-6', 'attic 1-4'])
  })

  test('entries that nobody even logged are sent again, ever more rarely, so that lost credit comes back', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 3)
    await rig.clock.pass(shippingLimits.unloggedMs + 2_000)
    expect(readings(rig)).toEqual(['attic 1-3', 'attic 1-3'])
    await rig.clock.pass(shippingLimits.unloggedMs)
    expect(readings(rig)).toHaveLength(2)
    await rig.clock.pass(shippingLimits.unloggedMs + 2_000)
    expect(readings(rig)).toHaveLength(3)
  })

  test('entries that were logged and never stored are sent again too, after longer', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 3)
    await rig.receive({ logged: rangeOf(1, 3) })
    await rig.clock.pass(shippingLimits.unstoredMs - 2_000)
    expect(readings(rig)).toHaveLength(1)
    await rig.clock.pass(4_000)
    expect(readings(rig)).toEqual(['attic 1-3', 'attic 1-3'])
  })
})

describe('ends and losses', () => {
  test('the end of an older run is said until it is stored', async () => {
    const before = makeRig()
    await before.accept('attic', 3)
    await before.buffer.close()
    const rig = makeRig({ epoch: '00000000000000bb' })
    await rig.greet()
    await rig.clock.pass(2 * shippingLimits.ledgerRepeatMs)
    const ended = () => rig.sent.flatMap((batch) => batch.ended)
    expect(ended().length).toBeGreaterThanOrEqual(2)
    expect(ended()[0]).toEqual({ sensor: 'attic', epoch, lastSeq: 3 })
    await rig.receive({ stored: rangeOf(1, 3), ended: 4 })
    const count = ended().length
    await rig.clock.pass(4 * shippingLimits.ledgerRepeatMs)
    expect(ended()).toHaveLength(count)
    expect(rig.buffer.streams()).toEqual([])
  })

  test('an end that nobody takes is said ever more rarely, and somebody is told once', async () => {
    const before = makeRig()
    await before.accept('attic', 3)
    await before.buffer.close()
    const warnings: string[] = []
    const log = { ...silentLog, warn: (_: object, words: string) => void warnings.push(words) }
    const rig = makeRig({ epoch: '00000000000000bb', log })
    await rig.greet()
    const inVain = () => warnings.filter((line) => line.includes('does not take what this device declares'))
    await rig.clock.pass(shippingLimits.ledgerSilentMs - 60_000)
    expect(inVain()).toEqual([])
    await rig.clock.pass(3_600_000)
    const ended = () => rig.sent.flatMap((batch) => batch.ended)
    expect(ended().length).toBeGreaterThan(50)
    expect(ended().length).toBeLessThan(80)
    expect(inVain()).toHaveLength(1)
    // What is new does not wait for it.
    const count = ended().length
    rig.drop()
    await rig.greet()
    await rig.clock.pass(shippingLimits.ledgerRepeatMs + 2_000)
    expect(ended().length).toBe(count + 2)
  })

  test('what was dropped is declared lost at once, with its cause, until that is stored', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 3)
    rig.clock.stall(91 * 86_400_000)
    await rig.clock.pass(shippingLimits.ledgerRepeatMs + 61_000)
    const lost = () => rig.sent.flatMap((batch) => batch.lost)
    expect(lost()[0]).toEqual({ sensor: 'attic', epoch, firstSeq: 1, lastSeq: 3, cause: 'expired' })
    await rig.receive({ lost: rangeOf(1, 3) })
    const count = lost().length
    await rig.clock.pass(4 * shippingLimits.ledgerRepeatMs)
    expect(lost()).toHaveLength(count)
  })
})

test('a receipt that cannot be read changes nothing', async () => {
  const rig = makeRig()
  await rig.greet()
  await rig.accept('attic', 3)
  for (const bytes of [new Uint8Array(), new Uint8Array([255, 255]), new Uint8Array(1_000).fill(7)])
    rig.shipper.received(bytes)
  await rig.receive({ epoch: '00000000000000ff', stored: rangeOf(1, 3) })
  expect(rig.buffer.streams()[0]?.rows).toEqual([1, 3])
})

test('a batch that would be too large for the wire is sent in parts', async () => {
  const rig = makeRig({ maxBatchEntries: 8_192, creditEntries: 100_000 })
  await rig.greet()
  rig.buffer.register('attic', { intervalMs: 0, historical: false })
  const entries = Array.from({ length: 4_000 }, (_, i) => ({
    time: i,
    monotonicMs: i,
    values: [],
    mark: { kind: 'fault' as const, code: 'odd', detail: `${i} ${'x'.repeat(190)}` },
  }))
  await Promise.all([rig.buffer.accept({ sensor: 'attic', entries }), rig.clock.pass(200)])
  await rig.clock.pass(0)
  const runs = rig.sent.flatMap((batch) => batch.runs)
  expect(runs.length).toBeGreaterThan(1)
  expect(sizeOf(rangeOf(1, lastOf([1, 4_000])))).toBe(runs.reduce((sum, { times }) => sum + times.length, 0))
})

describe('marks and summaries', () => {
  /** Readings of so many minutes, ten a minute, in a room that is too small for them. */
  async function fill(rig: Rig, minutes: number): Promise<void> {
    rig.buffer.register('attic', { intervalMs: 6_000, historical: false })
    for (let minute = 0; minute < minutes; minute += 20) {
      const entries = Array.from({ length: 200 }, (_, i) => ({
        time: 1_763_700_000_000 + 60_000 * minute + 6_000 * i,
        monotonicMs: rig.clock.monotonicMs(),
        values: [{ metric: temperature, thousandths: i, flag: 0 }],
        mark: null,
      }))
      await Promise.all([rig.buffer.accept({ sensor: 'attic', entries }), rig.clock.pass(400)])
    }
  }
  const summarised = (rig: Rig): string[] =>
    rig.sent.flatMap((batch) => batch.summaries.map((one) => `${one.firstSeq}-${one.lastSeq}`))

  test('live entries cost no commit for their mark, and the backlog one for many entries', async () => {
    const rig = makeRig()
    await rig.accept('attic', 3_000)
    const watch = new Sqlite(join(folder.path, 'buffer.db'), { readonly: true })
    const version = (): number => Number(watch.pragma('data_version', { simple: true }))
    let commits = 0
    let before = version()
    const count = (): void => {
      const now = version()
      if (now !== before) commits++
      before = now
    }
    await rig.greet()
    await rig.clock.pass(1_000)
    expect(sizeOf(rig.buffer.streams()[0]?.sent ?? [])).toBeGreaterThanOrEqual(3_000)
    count()
    expect(commits).toBe(1)
    commits = 0
    for (let i = 0; i < 20; i++) {
      await rig.accept('attic', 1)
      count()
      await rig.clock.pass(10_000)
      count()
    }
    watch.close()
    expect(readings(rig).at(-1)).toBe('attic 3020-3020')
    expect(commits).toBe(20)
  })

  test('what is accepted without a connection is not marked, and is before it is sent', async () => {
    const rig = makeRig()
    await rig.greet()
    await rig.accept('attic', 2)
    rig.drop()
    await rig.accept('attic', 3)
    const [stream] = rig.buffer.streams()
    expect(stream?.sent).toEqual([1, 2])
    await rig.greet()
    await rig.clock.pass(1_000)
    expect(readings(rig)).toEqual(['attic 1-2', 'attic 1-5'])
    expect(stream?.sent.slice(0, 1)).toEqual([1])
    expect(stream?.sent.at(-1)).toBeGreaterThanOrEqual(5)
  })

  test('summaries go as backfill, before the rows behind them, and are settled as a whole', async () => {
    const rig = makeRig({ thin: true })
    await fill(rig, 1_200)
    const stream = rig.buffer.streams()[0] as BufferedStream
    const { thinned } = stream
    expect(sizeOf(thinned)).toBeGreaterThan(3_000)
    const held = sizeOf(stream.rows) + sizeOf(thinned)
    expect(held).toBe(12_000)
    await rig.greet()
    await rig.clock.pass(1_000)
    const summaries = rig.sent.flatMap((batch) => batch.summaries)
    expect(summaries.reduce((sum, one) => sum + one.lastSeq - one.firstSeq + 1, 0)).toBe(sizeOf(thinned))
    expect(new Set(summarised(rig)).size).toBe(summaries.length)
    expect(summaries[0]).toMatchObject({ sensor: 'attic', epoch, firstSeq: 1, intervalMs: 6_000 })
    // Logged holds no credit, and deletes nothing.
    await rig.receive({ logged: thinned })
    expect(stream.thinned).toEqual(thinned)
    const [first] = summaries
    await rig.receive({ stored: [1, (first?.lastSeq ?? 0) - 1] })
    expect(stream.thinned[0]).toBe(first?.lastSeq)
    await rig.receive({ stored: [1, lastOf(thinned)] })
    expect(stream.thinned).toEqual([])
    await rig.receive({ stored: [1, 12_000] })
    expect(rig.buffer.streams()[0]?.rows).toEqual([])
  })

  test('summaries that nobody confirms are sent again, and all of them with the next connection', async () => {
    const rig = makeRig({ thin: true })
    await fill(rig, 1_200)
    await rig.greet()
    await rig.clock.pass(1_000)
    const once = summarised(rig)
    expect(once.length).toBeGreaterThan(0)
    rig.sent.length = 0
    rig.drop()
    await rig.greet()
    await rig.clock.pass(1_000)
    expect(summarised(rig)).toEqual(once)
    rig.sent.length = 0
    await rig.clock.pass(2 * shippingLimits.unloggedMs)
    expect(summarised(rig)).toEqual(once)
  })
})
