import {
  addRange,
  type Batch,
  CodedError,
  decodeBatch,
  emptySet,
  encodeReceipt,
  hasAll,
  type Metric,
  metricByName,
  pairs,
  type RangeSet,
  rangeOf,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openSqliteBuffer } from '../../buffer/sqlite.ts'
import { bufferOptions, temporaryFolder } from '../../buffer/testing.ts'
import type { Buffer } from '../buffer.ts'
import { createFakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import { createShipper, type Shipper } from './shipper.ts'

const temperature = metricByName('temperature') as Metric
const creditEntries = 120

type Step =
  | { readonly do: 'accept'; readonly sensor: 'attic' | 'shed'; readonly count: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'connect' | 'disconnect' | 'restart' | 'receipt' | 'lostReceipt' | 'flush' | 'logLoss' }
  /** Messages that the broker acknowledges; `losing`: and forgets. `logLoss`: the log forgets what was not stored. */
  | { readonly do: 'deliver'; readonly messages: number; readonly losing: boolean }
  | { readonly do: 'refuse'; readonly sensor: 'attic' | 'shed' }

const sensor = fc.constantFrom('attic' as const, 'shed' as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      sensor,
      count: fc.integer({ min: 1, max: 60 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 12_000 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('connect' as const, 'receipt' as const, 'receipt' as const, 'flush' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'disconnect' as const,
        'restart' as const,
        'lostReceipt' as const,
        'logLoss' as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      messages: fc.integer({ min: 1, max: 8 }),
      losing: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), sensor }) },
)

interface Known {
  logged: RangeSet
  stored: RangeSet
  refused: RangeSet
  ended: number
}

/** An agent with a real buffer against a collector that loses, delays, repeats and refuses as it is told. */
function makeWorld(folder: string) {
  const clock = createFakeClock()
  const collector = new Map<string, Known>()
  const accepted = new Map<string, number>()
  let wire: { batch: Batch; settle(error?: CodedError): void }[] = []
  let dirty = new Set<string>()
  let site = 0
  let online = false
  let runs = 0
  /** Sent on this connection and in no receipt that arrived. */
  let uncovered = new Map<string, RangeSet>()
  let buffer: Buffer
  let shipper: Shipper

  const keyOf = (one: { sensor: string; epoch: string }): string => `${one.sensor} ${one.epoch}`
  const knownOf = (key: string): Known => {
    let known = collector.get(key)
    if (!known) {
      known = { logged: emptySet, stored: emptySet, refused: emptySet, ended: 0 }
      collector.set(key, known)
    }
    return known
  }

  function start(): void {
    runs++
    buffer = openSqliteBuffer(bufferOptions(folder, { clock, epoch: String(runs).padStart(16, '0') }))
    shipper = createShipper({
      device: 'balcony',
      site: { name: 'Here', latitude: 0, longitude: 0, altitudeM: 0, timeZone: 'UTC' },
      buffer,
      clock,
      log: silentLog,
      lingerMs: 0,
      maxBatchEntries: 25,
      backfillPerSecond: 10_000,
      creditEntries,
      send: (bytes) => {
        const batch = decodeBatch(bytes)
        note(batch)
        return new Promise((resolve, reject) => {
          wire.push({ batch, settle: (error) => (error ? reject(error) : resolve()) })
        })
      },
    })
  }

  function note(batch: Batch): void {
    // A hello begins anew what counts as under way.
    if (batch.hello) uncovered = new Map()
    for (const run of batch.runs) {
      const before = uncovered.get(keyOf(run)) ?? emptySet
      uncovered.set(keyOf(run), addRange(before, run.firstSeq, run.firstSeq + run.times.length - 1))
    }
    let underWay = 0
    for (const set of uncovered.values()) underWay += sizeOf(set)
    expect(underWay).toBeLessThanOrEqual(creditEntries)
  }

  function disconnect(): void {
    online = false
    shipper.disconnected()
    const gone = wire
    wire = []
    for (const { settle } of gone) settle(new CodedError('offline', 'gone', { retryable: true }))
  }

  function take(batch: Batch, losing: boolean): void {
    if (batch.site) site = batch.site.version
    for (const one of batch.hello ?? []) dirty.add(keyOf(one))
    for (const one of batch.ended) {
      knownOf(keyOf(one)).ended = one.lastSeq + 1
      dirty.add(keyOf(one))
    }
    for (const run of batch.runs) {
      const known = knownOf(keyOf(run))
      const set = rangeOf(run.firstSeq, run.firstSeq + run.times.length - 1)
      if (!losing) known.logged = union(known.logged, set)
      // What is gone is not under way, whatever the agent may still believe.
      else uncovered.set(keyOf(run), subtract(uncovered.get(keyOf(run)) ?? emptySet, set))
      dirty.add(keyOf(run))
    }
  }

  function flush(): void {
    for (const known of collector.values())
      known.stored = union(known.stored, subtract(known.logged, known.refused))
  }

  function receipt(arrives: boolean): void {
    const keys = [...dirty]
    dirty = new Set()
    if (!arrives || !online) return
    const streams = keys.map((key) => {
      const { logged, stored, refused, ended } = knownOf(key)
      const [name = '', epoch = ''] = key.split(' ')
      uncovered.set(key, subtract(uncovered.get(key) ?? emptySet, union(union(logged, stored), refused)))
      const ranges = [...pairs(refused)].map(([firstSeq, lastSeq]) => ({ firstSeq, lastSeq, reason: 'test' }))
      return { sensor: name, epoch, logged, stored, lost: emptySet, refused: ranges, ended }
    })
    shipper.received(encodeReceipt({ collectorTime: clock.now(), siteVersion: site, streams }))
  }

  async function act(one: Step): Promise<void> {
    switch (one.do) {
      case 'accept': {
        const key = keyOf({ sensor: one.sensor, epoch: buffer.epoch })
        const before = accepted.get(key) ?? 0
        const entries = Array.from({ length: one.count }, (_, i) => ({
          time: before + i,
          monotonicMs: clock.monotonicMs(),
          values: [{ metric: temperature, thousandths: before + i, flag: 0 }],
          mark: null,
        }))
        await Promise.all([buffer.accept({ sensor: one.sensor, entries }), clock.pass(200)])
        accepted.set(key, before + one.count)
        return
      }
      case 'pass':
        return clock.pass(one.ms)
      case 'connect':
        if (!online) {
          online = true
          shipper.connected()
        }
        return clock.pass(0)
      case 'disconnect':
        disconnect()
        return clock.pass(0)
      case 'restart':
        disconnect()
        shipper.stop()
        await buffer.close()
        start()
        return
      case 'deliver':
        for (const { batch, settle } of wire.splice(0, one.messages)) {
          take(batch, one.losing)
          settle()
        }
        return clock.pass(0)
      case 'flush':
        flush()
        return
      case 'receipt':
        receipt(true)
        return clock.pass(0)
      case 'logLoss':
        for (const known of collector.values()) known.logged = union(known.stored, known.refused)
        return
      case 'lostReceipt':
        receipt(false)
        return
      case 'refuse': {
        // The last logged number that is not stored will never be.
        for (const [key, known] of collector) {
          const last = subtract(known.logged, known.stored).at(-1)
          if (key.startsWith(one.sensor) && last !== undefined)
            known.refused = addRange(known.refused, last, last)
          dirty.add(key)
        }
      }
    }
  }

  /** Every accepted number is still here, or the collector has it for good. */
  function checkNothingLost(): void {
    for (const [key, last] of accepted) {
      const stream = buffer.streams().find((one) => keyOf(one) === key)
      const { stored, refused } = knownOf(key)
      const somewhere = union(union(stream?.rows ?? emptySet, stored), refused)
      expect(hasAll(somewhere, 1, last), `${key}: ${somewhere.join()} of ${last}`).toBe(true)
    }
  }

  /** The faults stop: everything must arrive. */
  async function drain(): Promise<void> {
    await act({ do: 'connect' })
    for (let i = 0; i < 400 && !isDrained(); i++) {
      await act({ do: 'deliver', messages: 1_000, losing: false })
      await act({ do: 'flush' })
      await act({ do: 'receipt' })
      await act({ do: 'pass', ms: i < 100 ? 500 : 20_000 })
    }
  }

  const isDrained = (): boolean =>
    buffer.streams().every(({ rows, endPending }) => rows.length === 0 && !endPending)

  start()
  return {
    act,
    drain,
    checkNothingLost,
    /** What is left here, and every number that the collector has neither stored nor refused. */
    missing(): string[] {
      const left = buffer.streams().filter(({ rows, endPending }) => rows.length > 0 || endPending)
      const unknown = [...accepted].flatMap(([key, last]) => {
        const { stored, refused } = knownOf(key)
        return subtract(rangeOf(1, last), union(stored, refused)).map((seq) => `${key} ${seq}`)
      })
      return [...left.map(keyOf), ...unknown]
    },
    close: async () => {
      shipper.stop()
      await buffer.close()
    },
  }
}

test('any order of faults, receipts and restarts loses no entry, keeps to the credit, and drains at last', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const folder = temporaryFolder()
      const world = makeWorld(folder.path)
      try {
        for (const one of steps) {
          await world.act(one)
          world.checkNothingLost()
        }
        await world.drain()
        world.checkNothingLost()
        expect(world.missing()).toEqual([])
      } finally {
        await world.close()
        folder.remove()
      }
    }),
    { numRuns: Number(process.env.BAROGRAPH_TEST_RUNS ?? 60) },
  )
}, 60_000)
