import { type ClockStatus, encodeStatus, type Origin, type Status, sizeOf } from '@barograph/proto'
import type { Buffer } from './buffer.ts'
import type { Clock } from './clock.ts'
import type { SensorFault } from './sampling/sampler.ts'
import type { SourceWords } from './sensor.ts'
import type { Timekeeper } from './time/timekeeper.ts'

/** What the status needs to know of a sensor. */
export interface ReportedSensor {
  readonly id: string
  readonly type: string
  readonly intervalMs: number
  readonly origin: Origin
  readonly fault: SensorFault | null
}

export interface StatusReporter {
  /** The uplink is there: says everything at once. */
  connected(): void
  disconnected(): void
  /** A sensor's fault began, changed or went. */
  changed(): void
  /** Says that the device goes away on purpose. */
  sayOffline(): Promise<void>
  stop(): void
}

export interface StatusReporterOptions {
  readonly agentVersion: string
  /** Of the site, unless a source says where it is. */
  readonly location: string
  /** What a source says of itself; null: none does. */
  readonly words: () => SourceWords | null
  readonly primary: Status['primary']
  readonly sensors: () => readonly ReportedSensor[]
  readonly buffer: Buffer
  readonly send: (bytes: Uint8Array) => Promise<void>
  readonly clock: Clock
  /** What is known of the time; absent: nothing is told of it. */
  readonly time?: Pick<Timekeeper, 'status' | 'words'>
}

/** While numbers grow, a status goes out this often. */
const periodMs = 10_000
/** Two statuses are at least so far apart; what changes between is conflated. */
const spacingMs = 500
const tickMs = 1_000

/** Keeps the retained status of the device true without flooding the broker. */
export function createStatusReporter(options: StatusReporterOptions): StatusReporter {
  const { buffer, clock } = options
  let online = false
  let saidAtMs = Number.NEGATIVE_INFINITY
  let said = ''
  let saidUrgent = ''
  let cancelTick: (() => void) | null = null
  let cancelSoon: (() => void) | null = null

  buffer.subscribe({ committed() {}, dropped: soon, troubled: soon })

  function make(isOnline: boolean): Status {
    const streams = buffer.streams()
    const words = isOnline ? options.words() : null
    return {
      online: isOnline,
      time: clock.now(),
      agentVersion: options.agentVersion,
      location: words?.location ?? options.location,
      state: isOnline
        ? (buffer.trouble?.detail ?? options.time?.words ?? words?.state ?? 'running')
        : 'stopped',
      batteryPercent: null,
      sensors: options.sensors().map(({ id, type, intervalMs, origin, fault }) => {
        const own = streams.filter((stream) => stream.sensor === id)
        return {
          sensor: id,
          type,
          intervalMs,
          origin,
          epoch: buffer.epoch,
          accepted: own.find((stream) => stream.epoch === buffer.epoch)?.lastSeq ?? 0,
          backlog: own.reduce((sum, { rows }) => sum + sizeOf(rows), 0),
          fault,
        }
      }),
      primary: options.primary,
      ...(options.time ? { clock: tellable(options.time.status) } : {}),
    }
  }

  /** Says the status if it has changed: at once what a person should see, the counts from time to time. */
  function say(): void {
    cancelSoon?.()
    cancelSoon = null
    if (!online) return
    const status = make(true)
    const text = JSON.stringify({ ...status, time: 0 })
    const urgent = JSON.stringify([
      status.state,
      status.location,
      status.clock?.source,
      status.sensors.map(({ fault, backlog }) => [fault?.code, bucketOf(backlog)]),
    ])
    const sinceMs = clock.monotonicMs() - saidAtMs
    if (urgent === saidUrgent && (text === said || sinceMs < periodMs)) return
    if (sinceMs < spacingMs) {
      soon()
      return
    }
    said = text
    saidUrgent = urgent
    saidAtMs = clock.monotonicMs()
    options.send(encodeStatus(status)).catch(forget)
  }

  /** The connection went first: the next one says it anyway. */
  function forget(): void {
    saidUrgent = ''
  }

  function soon(): void {
    if (online) cancelSoon ??= clock.setTimer(spacingMs, say)
  }

  function tick(): void {
    cancelTick = clock.setTimer(tickMs, tick)
    say()
  }

  function disconnected(): void {
    online = false
    cancelTick?.()
    cancelSoon?.()
    cancelSoon = null
  }

  return {
    connected() {
      disconnected()
      online = true
      saidAtMs = Number.NEGATIVE_INFINITY
      saidUrgent = ''
      tick()
    },
    disconnected,
    changed: soon,
    async sayOffline() {
      if (!online) return
      disconnected()
      await options.send(encodeStatus(make(false))).catch(forget)
    },
    stop: disconnected,
  }
}

/** Rounded: what trembles by milliseconds is no news. */
function tellable({ source, errorMs, offMs }: ClockStatus): ClockStatus {
  return { source, errorMs: Math.ceil(errorMs / 10) * 10, offMs: Math.round(offMs / 100) * 100 }
}

/** What is on its way normally is one bucket; beyond, each power of ten is news. */
function bucketOf(backlog: number): number {
  return backlog < 1_000 ? 0 : Math.floor(Math.log10(backlog))
}
