import type { FaultName } from '../faults.ts'
import { type Level, type ZoneName, zones } from './check/calendar.ts'
import { checkEverything } from './check/final.ts'
import {
  acting,
  createWorld,
  type Deed,
  type Invariant,
  type ReadingName,
  Violation,
  type World,
} from './engine/world.ts'
import type { Random } from './engine/random.ts'
import type { Retention } from '../../collector/core/retention/limits.ts'
import { type Collector, createCollector } from './world/collector.ts'
import type { DeviceConfig } from './world/device.ts'
import { createFleet, type Fleet } from './world/fleet.ts'
import { tellStory } from './world/story.ts'
import { calm, drawWeather, type Weather } from './world/weather.ts'

/** What became of one seed. */
export interface Outcome {
  readonly seed: number
  /** Of everything that happened: the same seed gives the same. */
  readonly hash: string
  readonly faults: ReadonlyMap<FaultName, number>
  readonly deeds: ReadonlyMap<Deed, number>
  readonly entries: number
  readonly events: number
  readonly simulatedMs: number
  /** Null: every invariant holds. */
  readonly violation: {
    readonly invariant: Invariant
    readonly message: string
    readonly reading: ReadingName | null
  } | null
  readonly trace: readonly string[]
  readonly life: readonly string[]
}

/** Faults happen for so long, and then everything has so long to drain. */
const stormMs = 45_000
const drainMs = 4 * 3_600_000
const lookMs = 2_000

/** One run of the whole system under the faults of its seed. */
export async function runSeed(
  seed: number,
  watch: { readonly traced?: boolean; readonly watched?: ReadingName | null } = {},
): Promise<Outcome> {
  const world = createWorld({ seed, ...watch })
  const setting = drawSetting(world)
  let collector: Collector | null = null
  let fleet: Fleet | null = null
  let violation: Violation | null = null
  const restore = borrowGlobals(world, setting.startMs)
  try {
    const storm = drawWeather(world.random)
    const weather = (): Weather => (world.isCalm() ? calm : storm)
    const zoneOf = (device: string): ZoneName =>
      setting.devices.find((one) => one.device === device)?.zone ?? 'UTC'
    collector = createCollector({ world, weather, ...setting, zoneOf })
    fleet = createFleet({ world, weather, collector, ...setting })
    if (setting.retention) collector.operator.sweep(setting.retention)
    tellStory({ world, weather: storm, collector, fleet, stormMs })
    await settle(world, collector, fleet)
    await collector.store.mirror.refresh()
    checkEverything({
      world,
      ...collector,
      ...fleet,
      levels: setting.levels,
      zoneOf,
      keepsTime: (device) => setting.devices.some((one) => one.device === device && one.keepsTime),
    })
  } catch (error) {
    if (error instanceof Violation) violation = error
    else
      violation = new Violation(
        'crash',
        error instanceof Error ? (error.stack ?? error.message) : String(error),
      )
  } finally {
    restore()
    fleet?.close()
    collector?.close()
  }
  return {
    seed,
    hash: world.hash(),
    faults: world.faults,
    deeds: world.deeds,
    entries: fleet
      ? [...fleet.ledger.streams.values()].reduce((sum, { entries }) => sum + entries.length, 0)
      : 0,
    events: world.events(),
    simulatedMs: world.now(),
    violation: violation && {
      invariant: violation.invariant,
      message: violation.message,
      reading: violation.reading,
    },
    trace: world.trace,
    life: world.life,
  }
}

/** The storm, and then the calm until all has drained. */
async function settle(world: World, collector: Collector, fleet: Fleet): Promise<void> {
  let isOver = false
  const look = (): void => {
    const again = (): void => void world.schedule(lookMs, null, look)
    if (!fleet.isDrained()) return again()
    void collector.isDrained().then((isDrained) => {
      if (isDrained) isOver = true
      else again()
    })
  }
  world.schedule(stormMs, null, () => {
    world.setCalm()
    collector.calmDown()
    fleet.calmDown()
    world.schedule(lookMs, null, look)
  })
  world.schedule(stormMs + drainMs, null, () =>
    world.violate(
      new Violation(
        'drain',
        `after hours without faults: ${[...fleet.left(), ...collector.left()].join('; ')}`,
      ),
    ),
  )
  await world.run(() => isOver)
}

function drawSetting(world: World): {
  readonly startMs: number
  readonly levels: readonly Level[]
  readonly partitions: number
  readonly flushIntervalMs: number
  readonly devices: readonly DeviceConfig[]
  /** null: everything is kept. */
  readonly retention: Retention | null
} {
  const { random } = world
  // Half a minute before the end of a year, a month, a week, a day or an hour of somewhere.
  const startMs =
    random.pick([
      Date.UTC(2026, 0, 1),
      Date.UTC(2026, 2, 1),
      Date.UTC(2026, 2, 2),
      Date.UTC(2026, 5, 10, 18, 30),
      Date.UTC(2026, 5, 11, 7),
    ]) - 30_000
  const all: readonly Level[] = ['10s', '1m', 'hour', 'day', 'week', 'month', 'year']
  const count = random.whole(2, 4)
  const levels = all.filter((_, i) => (i * 5 + random.whole(0, 6)) % 7 < count)
  const names = ['roof', 'barn', 'attic-2'].slice(0, random.whole(1, 3))
  return {
    startMs,
    levels: levels.length > 0 ? levels : ['hour'],
    retention: random.chance(0.6) ? null : drawRetention(random),
    partitions: random.whole(1, 2),
    flushIntervalMs: random.pick([300, 1_000, 4_000]),
    devices: names.map((device) => drawDevice(random, device)),
  }
}

function drawDevice(random: Random, device: string): DeviceConfig {
  const keepsTime = random.chance(0.5)
  // Much to hold and little room: what was sent, and what was not, stands in one minute.
  const isTight = !keepsTime && random.chance(0.4)
  const usual = drawUsualDevice(random, device, keepsTime)
  if (!isTight) return usual
  return {
    ...usual,
    items: random.whole(80, 200),
    itemsPauseMs: random.pick([50, 300, 1_000]),
    maxMb: random.whole(11, 16) / 1_024,
    maxBatchEntries: random.pick([3, 4, 10]),
    maxAgeDays: 90,
    whenFull: 'thin',
  }
}

function drawUsualDevice(random: Random, device: string, keepsTime: boolean): DeviceConfig {
  return {
    keepsTime,
    device,
    zone: random.pick(Object.keys(zones) as ZoneName[]),
    intervalMs: random.pick([1_000, 2_000, 5_000]),
    items: random.whole(0, 80),
    itemsFromMs: Date.UTC(2025, 11, 1) + random.whole(0, 100) * 3_600_000,
    itemsPauseMs: 4_000,
    failing: random.chance(0.5) ? 0 : 0.05,
    lingerMs: random.pick([0, 500, 3_000]),
    maxBatchEntries: random.pick([3, 10, 100]),
    backfillPerSecond: random.pick([5, 50, 5_000]),
    creditEntries: random.pick([8, 100, 10_000]),
    maxMb: random.chance(0.4) ? 1 : random.whole(11, 18) / 1_024,
    maxAgeDays: random.chance(0.8) ? 90 : 0.0004,
    commitIntervalMs: random.pick([50, 200, 1_500]),
    // What is condensed by a time that was corrected cannot be computed again from here.
    whenFull: random.pick([
      keepsTime ? 'drop-oldest' : 'thin',
      keepsTime ? 'stop' : 'thin',
      'drop-oldest',
      'stop',
    ]),
  }
}

function drawRetention(random: Random): Retention {
  const some = (ms: number): number | null => (random.chance(0.5) ? null : random.between(ms / 3, ms))
  const never = { hour: null, day: null, week: null, month: null, year: null }
  return { ...never, raw: some(30_000), '10s': some(40_000), '1m': some(60_000) }
}

/** Shipped code gets time and chance handed in; whatever asks the machine's own gets the simulated ones, and is the same again. */
function borrowGlobals(world: World, startMs: number): () => void {
  const { now } = Date
  const { random } = Math
  acting.wallMs = () => startMs + world.now()
  Date.now = () => Math.floor(acting.wallMs())
  Math.random = world.random.unit
  const onRejection = (error: unknown): void => {
    world.violate(
      error instanceof Violation
        ? error
        : new Violation('crash', `nobody caught: ${error instanceof Error ? error.stack : String(error)}`),
    )
  }
  process.on('unhandledRejection', onRejection)
  return () => {
    Date.now = now
    Math.random = random
    process.off('unhandledRejection', onRejection)
  }
}
