import type { Status } from '@barograph/proto'
import type { Buffer } from './buffer.ts'
import { type Clock, settleWithin } from './clock.ts'
import type { Log } from './log.ts'
import { type Sampler, startSampler } from './sampling/sampler.ts'
import type { Sensor, SourceWords } from './sensor.ts'
import type { SiteConfig } from './sensor-type.ts'
import { createShipper } from './shipping/shipper.ts'
import { createStatusReporter, type ReportedSensor } from './status.ts'
import type { SystemSync, Timekeeper } from './time/timekeeper.ts'
import type { Uplink } from './uplink.ts'

export interface AgentSensor {
  readonly id: string
  readonly type: string
  readonly intervalMs: number
  readonly sensor: Sensor
}

export interface AgentOptions {
  readonly device: string
  readonly site: SiteConfig
  readonly sensors: readonly AgentSensor[]
  readonly primary: Status['primary']
  readonly shipping: {
    readonly lingerMs: number
    readonly maxBatchEntries: number
    readonly backfillPerSecond: number
    readonly creditEntries: number
  }
  readonly buffer: Buffer
  readonly uplink: Uplink
  readonly clock: Clock
  /** Where the right time comes from; absent: `clock` is right. */
  readonly time?: {
    readonly keeper: Timekeeper
    /** What the machine says of its clock, as it is known now. */
    readonly system: () => SystemSync
  }
  readonly log: Log
  readonly version: string
}

export interface Agent {
  /** Accepts and commits the `stop` entries, tries to send the last batch, says goodbye. Within 3 s. */
  stop(): Promise<void>
}

/** What a stop gives each of its parts, together below 3 s. */
const samplersStopMs = 1_500
const lastBatchMs = 600
const goodbyeMs = 300

/** Puts the parts together: sensors -> samplers -> buffer -> shipper -> uplink, and the status beside them. */
export function startAgent(options: AgentOptions): Agent {
  const { device, site, buffer, uplink, log } = options
  const keeper = options.time?.keeper
  const clock = keeper ?? options.clock
  const shipper = createShipper({
    ...options.shipping,
    device,
    site,
    buffer,
    clock,
    ...(keeper ? { time: keeper } : {}),
    log,
    send: (bytes) => uplink.send(bytes),
  })
  const samplers = new Map<string, Sampler>()
  const status = createStatusReporter({
    agentVersion: options.version,
    location: site.name,
    words: () => wordsOf(options.sensors),
    primary: options.primary,
    sensors: () => options.sensors.map((sensor) => report(sensor, samplers.get(sensor.id))),
    buffer,
    clock,
    ...(keeper ? { time: keeper } : {}),
    send: (bytes) => uplink.sendStatus(bytes),
  })
  const stopLooking = options.time ? lookAtClock(options.time, buffer, clock) : () => {}
  for (const { id, sensor, intervalMs } of options.sensors)
    samplers.set(
      id,
      startSampler({ id, sensor, intervalMs, buffer, clock, log, onChange: () => status.changed() }),
    )
  let lastReason = ''
  uplink.start({
    connected() {
      log.info({ device }, 'connected to the broker')
      lastReason = ''
      shipper.connected()
      status.connected()
    },
    disconnected(reason) {
      shipper.disconnected()
      status.disconnected()
      // Once for each reason: it is tried for ever.
      if (reason.code !== lastReason) log.warn({ code: reason.code, hint: reason.hint }, reason.message)
      lastReason = reason.code
    },
    received: (bytes) => shipper.received(bytes),
  })

  const within = (limitMs: number, work: Promise<unknown>): Promise<void> =>
    settleWithin(clock, limitMs, work)

  return {
    async stop() {
      await within(samplersStopMs, Promise.all([...samplers.values()].map((sampler) => sampler.stop())))
      await within(lastBatchMs, shipper.flush())
      shipper.stop()
      await within(goodbyeMs, status.sayOffline())
      status.stop()
      await within(goodbyeMs, uplink.close())
      stopLooking()
      await buffer.close()
    },
  }
}

/** Between looks at the machine's clock. */
const lookMs = 1_000

/** Keeps the time from the start on; returns how to stop that. */
function lookAtClock({ keeper, system }: NonNullable<AgentOptions['time']>, buffer: Buffer, clock: Clock) {
  keeper.begin(buffer.bootTime, (found) => buffer.synchronise(found))
  let cancel = (): void => {}
  const look = (): void => {
    cancel = clock.setTimer(lookMs, look)
    keeper.look(system())
  }
  look()
  return () => cancel()
}

/** What the first source says that has words for it. */
function wordsOf(sensors: readonly AgentSensor[]): SourceWords | null {
  const said = sensors.flatMap(({ sensor }) => sensor.words?.() ?? [])
  if (said.length === 0) return null
  return {
    state: said.find(({ state }) => state !== null)?.state ?? null,
    location: said.find(({ location }) => location !== null)?.location ?? null,
  }
}

function report({ id, type, intervalMs, sensor }: AgentSensor, sampler: Sampler | undefined): ReportedSensor {
  return { id, type, intervalMs, origin: sensor.origin, fault: sampler?.fault ?? null }
}
