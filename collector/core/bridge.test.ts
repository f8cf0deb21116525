import { CodedError, decodeRefusal, decodeStatus, limits } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { bridgeLimits, createBridge } from './bridge.ts'
import type { Incoming, Outcome } from './ingest.ts'
import type { DeadLetter, LogRecord, NewRecord } from './log.ts'
import type { NumberRange } from './read-identity.ts'
import { createFakeClock } from './testing/fake-clock.ts'
import { createMemoryLog } from './testing/memory-log.ts'
import { batchMessage, ofVersion, runOf, statusMessage } from './testing/messages.ts'

const logFull = () => new CodedError('log-full', 'the log has no room', { retryable: true })

function setUp() {
  const clock = createFakeClock()
  const log = createMemoryLog()
  const letters: Omit<DeadLetter, 'id'>[] = []
  const logged: { device: string; ranges: readonly NumberRange[] }[] = []
  const asked: [string, number][] = []
  const reports: (string | null)[] = []
  const failures: unknown[] = []
  /** Thrown by the next appends instead of appending; null: none is. */
  const fault: { error: Error | null; appends: number } = { error: null, appends: 0 }
  const bridge = createBridge({
    log: {
      async append(records: readonly NewRecord[]) {
        fault.appends++
        if (fault.error) throw fault.error
        return log.append(records)
      },
    },
    deadLetters: { add: async (more) => void letters.push(...more) },
    clock,
    logged: (device, ranges) => logged.push({ device, ranges }),
    tellTime: (device, timeToken) => asked.push([device, timeToken]),
    report: (trouble) => reports.push(trouble),
    fail: (error) => failures.push(error),
  })
  const records = (): Promise<readonly LogRecord[]> => log.read(0, 0, 100_000)
  const outcomes: Outcome[] = []
  const offer = (message: Incoming): void => {
    bridge.accept(message).then(
      (outcome) => outcomes.push(outcome),
      () => undefined,
    )
  }
  return { clock, bridge, letters, logged, asked, reports, failures, fault, records, outcomes, offer }
}

const now = Date.UTC(2026, 0, 1)
const batch = (device: string, seq: number, count = 3): Incoming =>
  batchMessage(device, { runs: [runOf(seq, count, now - 60_000)] })

describe('a batch', () => {
  test('is acknowledged only after the log has it', async () => {
    const { clock, offer, outcomes, records } = setUp()
    offer(batch('balcony', 1))
    expect(outcomes).toEqual([])
    expect(await records()).toHaveLength(0)
    await clock.pass(1)
    expect(outcomes).toEqual(['taken'])
    expect(await records()).toMatchObject([{ kind: 'batch', device: 'balcony', ingestMs: now }])
  })

  test('that asks for the time is answered at once, whatever the log does', async () => {
    const { clock, offer, asked, outcomes, fault } = setUp()
    fault.error = logFull()
    offer(batchMessage('balcony', { hello: [], timeToken: 7 }))
    expect(asked).toEqual([['balcony', 7]])
    offer(batch('balcony', 1))
    await clock.pass(10_000)
    expect(outcomes).toEqual([])
    expect(asked).toHaveLength(1)
  })

  test('is said to be logged with the numbers of its runs', async () => {
    const { clock, offer, logged } = setUp()
    offer(batch('balcony', 7, 2))
    await clock.pass(1)
    expect(logged).toMatchObject([
      { device: 'balcony', ranges: [{ sensor: 'bme280', firstSeq: 7, lastSeq: 8 }] },
    ])
  })

  test('keeps its place among those of its device', async () => {
    const { clock, offer, records } = setUp()
    for (let seq = 1; seq <= 500; seq++) offer(batch('balcony', seq, 1))
    await clock.pass(10)
    const values = (await records()).map(({ value }) => Buffer.from(value).toString('hex'))
    const sent = Array.from({ length: 500 }, (_, i) =>
      Buffer.from(batch('balcony', i + 1, 1).payload).toString('hex'),
    )
    expect(values).toEqual(sent)
  })

  test('shares its append with those that came with it', async () => {
    const { clock, offer, fault, outcomes } = setUp()
    for (let seq = 1; seq <= 100; seq++) offer(batch('balcony', seq, 1))
    await clock.pass(1)
    expect(outcomes).toHaveLength(100)
    expect(fault.appends).toBe(1)
  })
})

describe('a refused message', () => {
  test('becomes a dead letter with its reason, and is acknowledged', async () => {
    const { clock, offer, letters, outcomes, records, bridge } = setUp()
    offer({ topic: 'weather', payload: Uint8Array.of(1, 2), identity: null })
    await clock.pass(1)
    expect(outcomes).toEqual(['refused'])
    expect(letters).toMatchObject([{ code: 'wrong-topic', topic: 'weather', device: null }])
    expect(await records()).toHaveLength(0)
    expect(bridge.state().counters.refused).toEqual({ 'wrong-topic': 1 })
  })

  test('is kept up to the size of the largest message that devices send', async () => {
    const { clock, offer, letters } = setUp()
    offer({
      topic: 'barograph/v1/balcony/up',
      payload: new Uint8Array(4 * limits.batchBytes).fill(7),
      identity: null,
    })
    await clock.pass(1)
    expect(letters).toMatchObject([{ code: 'too-large', device: 'balcony' }])
    expect(letters[0]?.value).toEqual(new Uint8Array(limits.batchBytes).fill(7))
  })

  test('puts its numbers into the log, so that the roll tells the device', async () => {
    const { clock, offer, letters, logged, records } = setUp()
    const good = batch('balcony', 5)
    offer({ ...good, payload: ofVersion(good.payload, 3) })
    await clock.pass(1)
    const [record] = await records()
    expect(record).toMatchObject({ kind: 'refusal', device: 'balcony' })
    expect(decodeRefusal(record?.value ?? new Uint8Array())).toMatchObject({
      device: 'balcony',
      refused: [{ sensor: 'bme280', firstSeq: 5, lastSeq: 7, reason: 'unknown-version' }],
    })
    expect(letters).toHaveLength(1)
    expect(logged).toEqual([])
  })

  test('that a transport turned away is noted too', async () => {
    const { clock, bridge, letters } = setUp()
    bridge.refuse({ topic: 'barograph/v1/balcony/up', code: 'too-large', reason: 'a packet of 9 MB' })
    await clock.pass(1)
    expect(letters).toMatchObject([{ device: 'balcony', code: 'too-large' }])
  })

  test('in a flood is counted, but waits in bounded number', async () => {
    const { clock, bridge, letters } = setUp()
    const flood = 3 * bridgeLimits.waitingLetters
    for (let i = 0; i < flood; i++) bridge.refuse({ topic: 'x', code: 'too-large', reason: 'y' })
    await clock.pass(1)
    expect(letters).toHaveLength(bridgeLimits.waitingLetters)
    expect(bridge.state().counters.refused).toEqual({ 'too-large': flood })
  })
})

describe('a log without room', () => {
  test('leaves everything unacknowledged, says so once, and goes on in order when there is room', async () => {
    const { clock, offer, fault, outcomes, reports, records, bridge } = setUp()
    fault.error = logFull()
    for (let seq = 1; seq <= 5; seq++) offer(batch('balcony', seq, 1))
    await clock.pass(60_000)
    expect(outcomes).toEqual([])
    expect(reports).toEqual(['the log has no room'])
    expect(bridge.state().trouble).toBe('the log has no room')
    // Twice as long each time, up to the longest: no storm on a full disk.
    expect(fault.appends).toBeLessThan(60_000 / bridgeLimits.longestRetryMs + 8)
    fault.error = null
    await clock.pass(bridgeLimits.longestRetryMs)
    expect(outcomes).toHaveLength(5)
    expect(reports).toEqual(['the log has no room', null])
    expect((await records()).map(({ value }) => Buffer.from(value).toString('hex'))).toEqual(
      [1, 2, 3, 4, 5].map((seq) => Buffer.from(batch('balcony', seq, 1).payload).toString('hex')),
    )
  })

  test('makes senders wait beyond the limit, and lets them in as others leave', async () => {
    const { clock, offer, fault, outcomes, bridge } = setUp()
    fault.error = logFull()
    const surplus = 50
    for (let i = 0; i < bridgeLimits.inFlightMessages + surplus; i++) offer(statusLike(i))
    await clock.pass(1_000)
    expect(bridge.isFull()).toBe(true)
    expect(bridge.state()).toMatchObject({
      inFlightMessages: bridgeLimits.inFlightMessages,
      waiting: surplus,
    })
    fault.error = null
    await clock.pass(20_000)
    expect(outcomes).toHaveLength(bridgeLimits.inFlightMessages + surplus)
    expect(bridge.state()).toMatchObject({ inFlightMessages: 0, inFlightBytes: 0, waiting: 0 })
    expect(bridge.isFull()).toBe(false)
  })

  const statusLike = (i: number): Incoming => batchMessage(`device-${i}`, { hello: [] })

  test('that failed for good acknowledges nothing and ends the program', async () => {
    const { clock, offer, fault, outcomes, failures } = setUp()
    const broken = new CodedError('log-corrupt', 'the log is damaged')
    fault.error = broken
    offer(batch('balcony', 1))
    await clock.pass(10_000)
    expect(failures).toEqual([broken])
    fault.error = null
    offer(batch('balcony', 2))
    await clock.pass(10_000)
    expect(outcomes).toEqual([])
  })
})

describe('a status', () => {
  test('goes into the log at once', async () => {
    const { clock, offer, outcomes, records } = setUp()
    offer(statusMessage('balcony', 'starting'))
    await clock.pass(1)
    expect(outcomes).toEqual(['taken'])
    expect(await records()).toMatchObject([{ kind: 'status', device: 'balcony' }])
  })

  test('said too often is logged a few times a second, the newest last, and all are acknowledged', async () => {
    const { clock, offer, outcomes, records } = setUp()
    const said = 100
    for (let i = 1; i <= said; i++) {
      offer(statusMessage('balcony', `step ${i}`, i < said))
      await clock.pass(10)
    }
    await clock.pass(bridgeLimits.statusIntervalMs)
    const states = (await records()).map(({ value }) => decodeStatus(value))
    expect(states.length).toBeLessThanOrEqual(Math.ceil((said * 10) / bridgeLimits.statusIntervalMs) + 1)
    expect(states[0]?.state).toBe('step 1')
    expect(states.at(-1)).toMatchObject({ state: `step ${said}`, online: false })
    expect(outcomes).toHaveLength(said)
  })

  test('does not hold up those of other devices', async () => {
    const { clock, offer, records } = setUp()
    for (let i = 0; i < 20; i++) offer(statusMessage(`device-${i}`, 'x'))
    await clock.pass(1)
    expect(await records()).toHaveLength(20)
  })

  test('that waits is handed over when the bridge drains', async () => {
    const { clock, offer, bridge, records } = setUp()
    offer(statusMessage('balcony', 'first'))
    await clock.pass(1)
    offer(statusMessage('balcony', 'last'))
    const drained = bridge.drain()
    await clock.pass(1)
    await drained
    expect(await records()).toHaveLength(2)
  })
})
