import { fleetProblems } from '../../chaos/judge/fleet.ts'
import { memoryOf } from '../../bench/memory.ts'
import { readMongoStore } from '../../chaos/judge/mongo-store.ts'
import type { Service } from '../../../scripts/services/engine.ts'
import type { Collector } from '../../harness/collector.ts'
import { startFleet } from '../../harness/fleet.ts'
import type { Stack } from '../../harness/stack.ts'
import { eventually, sleep } from '../../harness/wait.ts'
import { type Away, type Look, type Readiness, type Truth, truthOf, watchReadiness } from './readiness.ts'

export type EngineName = 'kafka' | 'mongo' | 'mosquitto'

/** One time that these engines are away together. */
export interface Outage {
  readonly name: string
  readonly engines: readonly EngineName[]
}

export interface OutagesOptions {
  /** Of real engines, its MongoDB one that may be killed. */
  readonly stack: Stack
  readonly outages: readonly Outage[]
  readonly devices: number
  /** Readings per second of each device. */
  readonly rate: number
  /** Before the first outage, and after each. */
  readonly calmMs: number
  /** So long, and longer if it is not noticed yet. */
  readonly awayMs: number
  readonly say: (words: string) => void
  readonly signal?: AbortSignal
}

/** Memory of a process, MB: before the first outage, and the most of any second. */
interface Memory {
  readonly beforeMb: number
  readonly mostMb: number
}

export interface OutageReport extends Truth {
  readonly name: string
  readonly seconds: number
}

export interface OutagesReport {
  readonly outages: readonly OutageReport[]
  /** Readings by what their agents say. */
  readonly accepted: number
  readonly perSecond: number
  readonly agents: Memory
  readonly collector: Memory
  /** From the last engine's return until every agent knew that all of its readings are stored. */
  readonly drainSeconds: number
  /** Looks at /readyz that said not ready while nothing was away or on its way back. */
  readonly falseAlarms: readonly string[]
  /** What is wrong in the end; nothing should be. */
  readonly problems: readonly string[]
}

const backLimitMs = 300_000

/** A fleet samples at its rate all along, while engines are killed and come back; in the end every reading is looked for. */
export async function runOutages(options: OutagesOptions): Promise<OutagesReport> {
  const { stack, outages, devices, rate, calmMs, say } = options
  const collector = await stack.collector()
  await collector.start()
  const fleet = startFleet({ broker: stack.broker, devices, rate })
  const begun = Date.now()
  const readiness = watchReadiness(collector.page)
  const memory = watchMemory({ agents: fleet.process.pid, collector: collector.process().pid })
  try {
    await eventually(
      'readings are stored',
      async () => (await storedSoFar(collector)) > devices * rate,
      120_000,
    )
    await calm(options, calmMs)
    memory.mark()
    const aways: (Away & { name: string })[] = []
    for (const outage of outages) {
      aways.push({ name: outage.name, ...(await endure(options, outage, readiness)) })
      await calm(options, calmMs)
    }
    const lastBack = aways.at(-1)?.backAt ?? begun
    const sampledSeconds = (Date.now() - begun) / 1_000
    say('the fleet stops, and waits until all is stored')
    const ledger = await fleet.finish()
    const drainSeconds = (Date.now() - lastBack) / 1_000
    await readiness.stop()
    const { code, stderr } = await collector.stop()
    const store = await readMongoStore(stack.env.BAROGRAPH_STORE_URL ?? '')
    const problems = [
      ...(code === 0 ? [] : [`the collector ended with ${code}: ${stderr.slice(-500)}`]),
      ...fleetProblems(ledger, store),
    ]
    const accepted = ledger.reduce((sum, device) => sum + device.accepted, 0)
    return {
      outages: aways.map((away) => ({
        name: away.name,
        seconds: Math.round((away.to - away.from) / 1_000),
        ...truthOf(readiness.looks, away),
      })),
      accepted,
      perSecond: accepted / sampledSeconds,
      ...memory.stop(),
      drainSeconds,
      falseAlarms: falseAlarmsOf(readiness.looks, aways),
      problems,
    }
  } finally {
    memory.stop()
    await readiness.stop()
    fleet.process.send('SIGKILL')
    await collector.kill()
  }
}

async function calm({ signal }: OutagesOptions, ms: number): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    signal?.throwIfAborted()
    await sleep(200)
  }
}

/** Kills the engines at once, and starts them again after their time. */
async function endure(
  options: OutagesOptions,
  { name, engines }: Outage,
  { looks }: Readiness,
): Promise<Away> {
  const { stack, awayMs, say } = options
  const services = engines.map((engine) => serviceOf(stack, engine))
  say(`${name}: away`)
  await Promise.all(services.map((service) => service.kill('SIGKILL')))
  const from = Date.now()
  await calm(options, awayMs)
  await eventually(
    `/readyz says that ${name} is away`,
    () => looks.some(({ at, ready }) => at >= from && !ready),
    awayMs + 60_000,
  )
  const to = Date.now()
  await Promise.all(services.map((service) => service.restart()))
  const backAt = Date.now()
  say(`${name}: back after ${Math.round((backAt - from) / 1_000)} s; ${looks.at(-1)?.words}`)
  await eventually(
    `ready again after ${name}`,
    () => looks.some(({ at, ready }) => at >= backAt && ready),
    backLimitMs,
  )
  return { from, to, backAt }
}

function serviceOf({ engines }: Stack, name: EngineName): Service {
  const service = engines?.[name]
  if (!service) throw new Error(`a stack without a ${name} of its own`)
  return service
}

async function storedSoFar(collector: Collector): Promise<number> {
  return (await collector.get<{ total: { stored: number } }>('/api/v1/delivery')).total.stored
}

/** After an engine is back it may take this long until all is well. */
const settleMs = 60_000

function falseAlarmsOf(looks: readonly Look[], aways: readonly Away[]): string[] {
  const wasReady = looks.findIndex(({ ready }) => ready)
  return looks
    .slice(Math.max(0, wasReady))
    .filter(
      ({ at, ready }) =>
        !ready && !aways.some(({ from, backAt }) => at >= from - 1_000 && at < backAt + settleMs),
    )
    .map(({ at, words }) => `${new Date(at).toISOString()}: ${words}`)
}

function watchMemory(pids: { readonly agents: number; readonly collector: number }) {
  const most = { agents: 0, collector: 0 }
  const before = { agents: 0, collector: 0 }
  const look = (): void => {
    for (const name of ['agents', 'collector'] as const)
      try {
        most[name] = Math.max(most[name], memoryOf(pids[name]).rss)
      } catch {
        // It has ended.
      }
  }
  const timer = setInterval(look, 1_000)
  return {
    /** The most so far is what it takes when all is well. */
    mark() {
      look()
      Object.assign(before, most)
    },
    stop(): { agents: Memory; collector: Memory } {
      clearInterval(timer)
      return {
        agents: { beforeMb: before.agents, mostMb: most.agents },
        collector: { beforeMb: before.collector, mostMb: most.collector },
      }
    },
  }
}
