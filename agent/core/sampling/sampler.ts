import { isCoded, type MarkKind } from '@barograph/proto'
import type { Buffer, Entry } from '../buffer.ts'
import { type Clock, settleWithin, sleep } from '../clock.ts'
import type { Log } from '../log.ts'
import type { Observation, Sample, Sensor, SensorPosition } from '../sensor.ts'
import { findDefect, flagged } from './check.ts'
import { nextInstant, onRing, stamp } from './schedule.ts'

/** A fault that lasts. */
export interface SensorFault {
  readonly code: string
  readonly detail: string
  readonly since: number
}

export interface Sampler {
  /** Null: works, or has not been asked yet. */
  readonly fault: SensorFault | null
  /** True after the sensor said that there will never be more. */
  readonly ended: boolean
  /** Asks no more, waits shortly for a read under way, accepts the `stop` entry, closes the sensor. */
  stop(): Promise<void>
}

export interface SamplerOptions {
  readonly id: string
  readonly sensor: Sensor
  /** 0: only for continuous sensors. */
  readonly intervalMs: number
  readonly buffer: Buffer
  readonly clock: Clock
  readonly log: Log
  /** The fault began, changed or went. */
  readonly onChange: () => void
}

/** A sensor with a longer interval is asked at once when it starts: nobody waits a quarter of an hour to see it work. */
const patienceMs = 10_000
/** Between questions to a continuous sensor that failed or has nothing now. */
const idleMs = 1_000
/** A sensor that does not settle by then is left behind at a stop. */
const stopGraceMs = 800
const detailCharacters = 200
/** A lost position does not come back while the agent runs. */
const lostPositionMs = 60_000

/** Asks one sensor on its schedule and hands what it says to the buffer. It never delays another one. */
export function startSampler(options: SamplerOptions): Sampler {
  const { id, sensor, intervalMs, buffer, clock, log } = options
  if (sensor.pace === 'scheduled' && intervalMs <= 0)
    throw new Error(`${id} is scheduled without an interval`)
  const stopping = new AbortController()
  let fault: SensorFault | null = null
  let ended = false
  /** Of the last sample that was handed to the buffer; goes back when the buffer did not take it. */
  let position: SensorPosition = buffer.position(id)
  let announced = false
  /** Readings that were sampled and not taken, and of which no entry tells yet. */
  let missed: Missed | null = null
  let newestTime: number | null = null
  /** Counts every failure, so that an older success that is committed later does not clear it. */
  let faults = 0

  /** What `clock.now` is worth now. */
  const confirmation = (): Partial<Entry> => (clock.isUnconfirmed ? { isUnconfirmed: true } : {})

  function entryOf(time: number, parts: Partial<Entry>): Entry {
    return { time, monotonicMs: clock.monotonicMs(), values: [], mark: null, ...parts }
  }

  /** A mark of a historical sensor stands at its data's time: its own clock says nothing about the readings. */
  function mark(kind: MarkKind, code = '', detail = '', near: number | null = newestTime): Entry {
    const time = sensor.historical ? (near ?? clock.now()) : clock.now()
    return entryOf(time, { mark: { kind, code, detail }, ...(sensor.historical ? {} : confirmation()) })
  }

  /** Readings that the buffer did not take leave an entry that says so, as soon as it takes one: a gap that has a cause. */
  function missedMark(): Entry[] {
    if (!missed) return []
    const { code, readings, from, to } = missed
    const times = `from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`
    return [mark('fault', code, `${readings} readings were not taken ${times}`)]
  }

  /** Those without a position are gone: a sensor that has one hands them out again. */
  function noteMissed(entries: readonly Entry[], code: string): void {
    const times = entries.filter((entry) => !entry.mark).map(({ time }) => time)
    if (times.length === 0) return
    const [from, to] = [Math.min(...times), Math.max(...times)]
    missed = joined(missed, { code, readings: times.length, from, to })
  }

  /** Entries, with the start before them until one was taken. Resolves when durable; false: not taken. */
  async function accept(entries: Entry[], after?: SensorPosition): Promise<boolean> {
    const first = !announced && (entries.length > 0 || !sensor.historical)
    const told = missed
    const before = [...(first ? [mark('start', '', '', entries[0]?.time ?? null)] : []), ...missedMark()]
    const all = before.length > 0 ? [...before, ...entries] : entries
    if (first) announced = true
    missed = null
    if (after !== undefined) position = after
    try {
      await buffer.accept({
        sensor: id,
        entries: all,
        ...(after === undefined ? {} : { position: after }),
      })
      return true
    } catch (error) {
      if (!isCoded(error)) throw error
      if (first) announced = false
      missed = joined(told, missed)
      if (after === undefined) noteMissed(entries, buffer.trouble?.code ?? error.code)
      if (after !== undefined) position = buffer.position(id)
      log.debug({ sensor: id, code: error.code }, error.message)
      setFault(error.code, error.message)
      return false
    }
  }

  function setFault(code: string, detail: string): boolean {
    faults++
    if (fault?.code === code) return false
    fault = { code, detail, since: clock.now() }
    log.warn({ sensor: id, code }, detail)
    options.onChange()
    return true
  }

  function clearFault(): void {
    if (!fault) return
    log.info({ sensor: id }, `works again after: ${fault.detail}`)
    fault = null
    options.onChange()
  }

  /** Told once where the sensor can go on from now; for good where it would begin again. */
  const positionLost = (): Sample & { kind: 'fault' } => ({
    kind: 'fault',
    code: 'position-lost',
    detail: sensor.historical
      ? 'damage to the buffer took how far this sensor had come: it does not start again by itself, or its data would come twice'
      : 'damage to the buffer took how far this sensor had come: it goes on from now',
    retryAfterMs: lostPositionMs,
  })

  /** One question. A rejection is a bug of the sensor: it becomes a fault, so that the other sensors go on. */
  async function ask(): Promise<Sample> {
    const isPositionLost = position === null && buffer.isPositionLost(id)
    if (isPositionLost && sensor.historical) return positionLost()
    try {
      return await sensor.read({ position, isPositionLost, signal: stopping.signal })
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      log.error({ sensor: id, err: error }, 'a sensor failed in a way that it should have reported')
      return { kind: 'fault', code: 'internal-error', detail: text }
    }
  }

  /** What a sample means; resolves with how long to wait at least before the next question, null: never again. */
  async function take(sample: Sample, instant: number | null, wait: boolean): Promise<number | null> {
    switch (sample.kind) {
      case 'nothing':
        clearFault()
        return sensor.pace === 'continuous' ? idleMs : 0
      case 'fault': {
        const code = wordOf(sample.code)
        const detail = sample.detail.slice(0, detailCharacters)
        if (setFault(code, detail)) {
          const taken = accept([mark('fault', code, detail)])
          if (wait) await taken
        }
        return sample.retryAfterMs ?? (sensor.pace === 'continuous' ? idleMs : 0)
      }
      case 'end':
        clearFault()
        ended = true
        await accept([mark('stop', 'end')])
        return null
      case 'observations':
        return takeObservations(sample.observations, sample.position, instant, wait)
    }
  }

  async function takeObservations(
    observations: readonly Observation[],
    after: SensorPosition | undefined,
    instant: number | null,
    wait: boolean,
  ): Promise<number> {
    const defect = observations.map(findDefect).find((one) => one !== null)
    if (defect)
      return (await take({ kind: 'fault', code: 'bad-observation', detail: defect }, instant, wait)) ?? 0
    const entries = observations.map(({ time, values }) =>
      entryOf(time ?? stamp(clock.now(), instant, intervalMs), {
        values: values.map(flagged),
        ...(time === null ? confirmation() : {}),
      }),
    )
    newestTime = entries.at(-1)?.time ?? newestTime
    const taken = accept(entries, after)
    const before = faults
    const cleared = taken.then((ok) => {
      if (ok && faults === before) clearFault()
      return ok
    })
    if (!wait) return 0
    return (await cleared) ? 0 : idleMs
  }

  async function runContinuous(): Promise<void> {
    while (!stopping.signal.aborted) {
      const sample = await ask()
      if (stopping.signal.aborted && sample.kind !== 'observations') return
      const pause = await take(sample, null, true)
      if (pause === null) return
      if (pause > 0) await sleep(clock, pause, stopping.signal)
    }
  }

  async function runScheduled(): Promise<void> {
    let notBefore = 0
    let instant: number | null = intervalMs > patienceMs ? null : await nextQuestion()
    while (!stopping.signal.aborted) {
      const sample = await ask()
      if (stopping.signal.aborted && sample.kind !== 'observations') return
      const pause = await take(sample, instant, false)
      if (pause === null) return
      notBefore = pause > 0 ? clock.monotonicMs() + pause : 0
      instant = await nextQuestion(pause > 0 && pause < intervalMs)
    }

    /** Waits for the next instant; or, sooner than that, for the end of the pause that the sensor asked for. */
    async function nextQuestion(soon = false): Promise<number | null> {
      if (soon) {
        await sleep(clock, notBefore - clock.monotonicMs(), stopping.signal)
        return null
      }
      let next = nextInstant(clock.now(), intervalMs)
      while (!stopping.signal.aborted) {
        await sleep(clock, next - clock.now(), stopping.signal)
        const ring = onRing(clock.now(), next, intervalMs)
        if ('waitFor' in ring) next = ring.waitFor
        else if (clock.monotonicMs() >= notBefore) return ring.ask
        else next = nextInstant(clock.now(), intervalMs)
      }
      return null
    }
  }

  async function run(): Promise<void> {
    buffer.register(id, { intervalMs, historical: sensor.historical })
    // That of a historical sensor waits for the first observation: it stands at that time.
    if (!sensor.historical) void accept([])
    if (!sensor.historical && buffer.isPositionLost(id)) void take(positionLost(), null, false)
    await (sensor.pace === 'continuous' ? runContinuous() : runScheduled())
    if (ended) await sensor.close()
  }

  const running = run()
  return {
    get fault() {
      return fault
    },
    get ended() {
      return ended
    },
    async stop() {
      stopping.abort()
      buffer.flush()
      await settleWithin(clock, stopGraceMs, running)
      if (ended) return
      const taken = announced ? accept([mark('stop')]) : null
      buffer.flush()
      await taken
      await sensor.close()
    },
  }
}

/** A code as the wire allows it. */
function wordOf(code: string): string {
  return (
    code
      .toLowerCase()
      .replace(/[^a-z0-9-]/g, '-')
      .slice(0, 40) || 'unknown'
  )
}

/** Readings that the buffer did not take; times in ms since 1970. */
interface Missed {
  readonly code: string
  readonly readings: number
  readonly from: number
  readonly to: number
}

function joined(a: Missed | null, b: Missed | null): Missed | null {
  if (!a || !b) return a ?? b
  return {
    code: b.code,
    readings: a.readings + b.readings,
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
  }
}
