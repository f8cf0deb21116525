import { emptySet, metricByName, type Metric, subtract } from '@barograph/proto'
import { expect, test } from 'vitest'
import type { Buffer, BufferedStream } from '../buffer.ts'
import { createFakeClock } from '../fake-clock.ts'
import { silentLog } from '../log.ts'
import { createLanes } from './lanes.ts'
import { createOutbox } from './outbox.ts'
import { createSender } from './sender.ts'

const temperature = metricByName('temperature') as Metric

test('rows that the commit of their mark has dropped hold no credit', () => {
  const clock = createFakeClock()
  const stream: { -readonly [K in keyof BufferedStream]: BufferedStream[K] } = {
    sensor: 'attic',
    epoch: '00000000000000aa',
    intervalMs: 1_000,
    historical: false,
    lastSeq: 40,
    rows: [1, 40],
    thinned: emptySet,
    sent: emptySet,
    untimed: emptySet,
    uncertain: emptySet,
    clockErrorMs: 0,
    lost: [],
    endPending: false,
  }
  const buffer: Pick<Buffer, 'streams' | 'read' | 'markSent' | 'site'> = {
    streams: () => [stream],
    read: (_, firstSeq, lastSeq) =>
      Array.from({ length: lastSeq - firstSeq + 1 }, (__, i) => ({
        seq: firstSeq + i,
        time: clock.now(),
        monotonicMs: 0,
        values: [{ metric: temperature, thousandths: 1, flag: 0 as const }],
        mark: null,
      })).filter(({ seq }) => subtract([seq, seq], stream.rows).length === 0),
    // A full buffer: with the mark it makes room.
    markSent(of, set) {
      stream.sent = set
      stream.rows = subtract(stream.rows, [1, 15])
      expect(of).toBe(stream)
    },
    site: { version: 1, validFrom: 0, confirmed: true },
  }
  const lanes = createLanes()
  const sent: Uint8Array[] = []
  const outbox = createOutbox({
    send: async (bytes) => void sent.push(bytes),
    onAcked() {},
    log: silentLog,
  })
  const sender = createSender({
    device: 'balcony',
    lingerMs: 0,
    maxBatchEntries: 20,
    backfillPerSecond: 1_000_000,
    creditEntries: 20,
    buffer: buffer as Buffer,
    lanes,
    summaryLanes: createLanes(),
    outbox,
    comeBack() {},
    clock,
  })
  outbox.connected()
  lanes.restart([])
  sender.restart(clock.monotonicMs())
  expect(sender.sendNext(true)).toBe(true)
  expect(sent).toHaveLength(1)
  // What holds credit is there, and can be logged or settled.
  expect(subtract([1, 15], stream.rows)).toEqual([1, 15])
  expect(lanes.awaiting()).toBe(20)
  lanes.markLogged(stream, [16, 35], clock.monotonicMs())
  expect(lanes.awaiting()).toBe(0)
  expect(sender.maySendMore()).toBe(true)
})
