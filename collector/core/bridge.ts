import { encodeRefusal, isCoded, limits } from '@barograph/proto'
import { createAdmission } from './admission.ts'
import type { Clock } from './clock.ts'
import { type BridgeCounters, createBridgeCounters } from './counters.ts'
import type { Accept, Incoming, Outcome, Refuse } from './ingest.ts'
import type { DeadLetter, DeadLetters, Log, NewRecord } from './log.ts'
import type { NumberRange } from './read-identity.ts'
import { createStatusPacer } from './status-pacer.ts'
import { judge, type Verdict } from './verdict.ts'

/** Bounds of the bridge; at each of them senders wait, nothing is dropped. */
export const bridgeLimits = {
  /** Messages and bytes taken and not yet durable. More wait at the door, unacknowledged. */
  inFlightMessages: 10_000,
  inFlightBytes: 64 * 1024 * 1024,
  /** Records of one append. */
  recordsPerAppend: 4_096,
  /** Statuses of one device that are logged: one in this time; the newest of those that wait. */
  statusIntervalMs: 300,
  /** Between two tries while the log has no room. */
  shortestRetryMs: 250,
  longestRetryMs: 5_000,
  /** Refused messages of transports that wait to be noted; beyond it they are only counted. */
  waitingLetters: 1_000,
} as const

/** What the bridge tells of itself; `trouble` null: all is well. */
export interface BridgeState {
  readonly trouble: string | null
  readonly inFlightMessages: number
  readonly inFlightBytes: number
  readonly waiting: number
  readonly counters: BridgeCounters
}

export interface Bridge {
  readonly accept: Accept
  /** Notes what a transport turned away. */
  readonly refuse: Refuse
  /** True while those who come have to wait: better not to let new ones connect. */
  isFull(): boolean
  state(): BridgeState
  /** Resolves when everything taken is durable; a log without room can make that never. */
  drain(): Promise<void>
}

export interface BridgeOptions {
  readonly log: Pick<Log, 'append'>
  readonly deadLetters: Pick<DeadLetters, 'add'>
  readonly clock: Clock
  /** These numbers are in the log now; called before their batch is acknowledged. */
  readonly logged: (device: string, ranges: readonly NumberRange[]) => void
  /** A device asks what time it is; called as soon as it was heard, for the answer is worth what it is quick. */
  readonly tellTime: (device: string, timeToken: number) => void
  /** For people: once when trouble begins, once when it ends. */
  readonly report: (trouble: string | null) => void
  /** The log failed in a way that waiting does not mend. Nothing is acknowledged after it. */
  readonly fail: (error: unknown) => void
}

interface Work {
  readonly record: NewRecord | null
  readonly letter: Omit<DeadLetter, 'id'> | null
  readonly logged: (() => void) | null
  readonly finish: () => void
}

/** MQTT -> log (docs/protocol.md 3). Keeps no state: what it says is in the log. */
export function createBridge(options: BridgeOptions): Bridge {
  const { log, deadLetters, clock, logged } = options
  const counters = createBridgeCounters()
  const admission = createAdmission({
    maxMessages: bridgeLimits.inFlightMessages,
    maxBytes: bridgeLimits.inFlightBytes,
  })
  let queue: Work[] = []
  let isWriting = false
  let trouble: string | null = null
  let waitingLetters = 0
  const idle: (() => void)[] = []
  const pacer = createStatusPacer({
    clock,
    intervalMs: bridgeLimits.statusIntervalMs,
    append: (device, payload, finish) => enqueue(statusWork(device, payload, finish)),
    conflated: () => counters.conflated++,
  })

  const accept: Accept = (message) =>
    new Promise((resolve, reject) => {
      admission.enter(message.payload.byteLength, () => {
        const finish = (outcome: Outcome) => (): void => {
          admission.leave(message.payload.byteLength)
          resolve(outcome)
          if (admission.messages === 0) for (const wake of idle.splice(0)) wake()
        }
        try {
          take(message, finish)
        } catch (error) {
          reject(error)
          options.fail(error)
        }
      })
    })

  function take(message: Incoming, finish: (outcome: Outcome) => () => void): void {
    const verdict = judge(message, clock.now())
    counters.payloadBytes += message.payload.byteLength
    switch (verdict.kind) {
      case 'batch':
        if (verdict.batch.timeToken) options.tellTime(verdict.device, verdict.batch.timeToken)
        return enqueue(batchWork(verdict, message.payload, finish('taken')))
      case 'status':
        counters.statuses++
        return pacer.offer(verdict.device, message.payload, finish('taken'))
      case 'refused':
        return enqueue(refusalWork(verdict, message, finish('refused')))
    }
  }

  function batchWork(
    { device, batch, quarantineAfterMs }: Verdict & { kind: 'batch' },
    value: Uint8Array,
    finish: () => void,
  ): Work {
    counters.batches++
    for (const run of batch.runs) counters.entries += run.times.length
    if (quarantineAfterMs !== null) counters.quarantinedBatches++
    const ranges: NumberRange[] = [
      ...batch.runs.map(({ sensor, epoch, firstSeq, times }) => ({
        sensor,
        epoch,
        firstSeq,
        lastSeq: firstSeq + times.length - 1,
      })),
      ...batch.summaries.map(({ sensor, epoch, firstSeq, lastSeq }) => ({
        sensor,
        epoch,
        firstSeq,
        lastSeq,
      })),
    ]
    return {
      record: { device, kind: 'batch', ingestMs: clock.now(), quarantineAfterMs, value },
      letter: null,
      logged: ranges.length > 0 ? () => logged(device, ranges) : null,
      finish,
    }
  }

  function statusWork(device: string, value: Uint8Array, finish: () => void): Work {
    const record = { device, kind: 'status', ingestMs: clock.now(), quarantineAfterMs: null, value } as const
    return { record, letter: null, logged: null, finish }
  }

  /** The numbers of it go into the log, so that only the roll ever tells a device that it may let go of them. */
  function refusalWork(
    { device, code, reason, ranges }: Verdict & { kind: 'refused' },
    { topic, payload }: Incoming,
    finish: () => void,
  ): Work {
    count(code)
    const ingestMs = clock.now()
    const refused = ranges.map((range) => ({ ...range, reason: code }))
    const value = device !== null && refused.length > 0 ? encodeRefusal({ device, refused }) : null
    return {
      record:
        device !== null && value !== null
          ? { device, kind: 'refusal', ingestMs, quarantineAfterMs: null, value }
          : null,
      letter: {
        topic: shorten(topic),
        device,
        ingestMs,
        code,
        reason: shorten(reason),
        // An outside broker lets through whatever it likes; what is larger than any message of ours is for people to look at.
        value: payload.byteLength > limits.batchBytes ? payload.slice(0, limits.batchBytes) : payload,
      },
      logged: null,
      finish,
    }
  }

  const refuse: Refuse = ({ topic, code, reason }) => {
    count(code)
    if (waitingLetters >= bridgeLimits.waitingLetters) return
    waitingLetters++
    enqueue({
      record: null,
      letter: {
        topic: shorten(topic),
        device: deviceOf(topic),
        ingestMs: clock.now(),
        code,
        reason: shorten(reason),
        value: new Uint8Array(),
      },
      logged: null,
      finish: () => waitingLetters--,
    })
  }

  function count(code: string): void {
    counters.refused[code] = (counters.refused[code] ?? 0) + 1
  }

  function enqueue(work: Work): void {
    queue.push(work)
    if (isWriting) return
    isWriting = true
    // After this turn of the event loop, so that all that one read of the socket brought becomes durable together.
    clock.setTimer(0, () => void write())
  }

  /** One append at a time: what comes meanwhile is the next group, so that order holds and one fsync serves many. */
  async function write(): Promise<void> {
    try {
      while (queue.length > 0) {
        const group = queue.slice(0, bridgeLimits.recordsPerAppend)
        queue = queue.slice(group.length)
        await store(group)
        for (const { logged: tell, finish } of group) {
          tell?.()
          finish()
        }
      }
    } catch (error) {
      trouble = 'the log failed'
      options.fail(error)
      return
    }
    isWriting = false
  }

  async function store(group: readonly Work[]): Promise<void> {
    const records = group.flatMap(({ record }) => record ?? [])
    const letters = group.flatMap(({ letter }) => letter ?? [])
    if (records.length > 0)
      await withPatience(async () => {
        const startedMs = clock.monotonicMs()
        await log.append(records)
        const tookMs = clock.monotonicMs() - startedMs
        counters.appends++
        counters.records += records.length
        counters.appendMs += tookMs
        counters.slowestAppendMs = Math.max(counters.slowestAppendMs, tookMs)
      })
    if (letters.length > 0) await withPatience(() => deadLetters.add(letters))
  }

  /** A log without room is waited for, unacknowledged senders with it. */
  async function withPatience(work: () => Promise<void>): Promise<void> {
    for (let waitMs: number = bridgeLimits.shortestRetryMs; ; ) {
      try {
        await work()
        setTrouble(null)
        return
      } catch (error) {
        if (!isCoded(error) || !error.retryable) throw error
        setTrouble(error.message)
        const pauseMs = waitMs
        await new Promise<void>((resolve) => void clock.setTimer(pauseMs, resolve))
        waitMs = Math.min(bridgeLimits.longestRetryMs, 2 * waitMs)
      }
    }
  }

  function setTrouble(words: string | null): void {
    const isNews = (words === null) !== (trouble === null)
    trouble = words
    if (isNews) options.report(words)
  }

  return {
    accept,
    refuse,
    isFull: () => admission.isFull(),
    state: () => ({
      trouble,
      inFlightMessages: admission.messages,
      inFlightBytes: admission.bytes,
      waiting: admission.waiting,
      counters,
    }),
    async drain() {
      pacer.flush()
      if (admission.messages > 0) await new Promise<void>((resolve) => idle.push(resolve))
    },
  }
}

const shorten = (text: string): string => text.slice(0, limits.textCharacters)

/** The device that a topic names, for people to search by. */
function deviceOf(topic: string): string | null {
  return /^barograph\/v1\/([a-z0-9][a-z0-9-]{0,62})\//.exec(topic)?.[1] ?? null
}
