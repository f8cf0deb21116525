import { mkdirSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import { type Clock, sleep } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { withDevice } from '../device-log.ts'
import { dayOf } from './sensor.ts'
import { openStation, type StationAgent } from './station-agent.ts'
import { dayMs, makeStation } from './stations.ts'

export interface DailyOptions {
  readonly stations: readonly string[]
  readonly fromMs: number
  readonly days: number
  readonly seed: number
  /** Days per second of each station; null: as fast as it goes. */
  readonly rate: number | null
  readonly url: string
  /** Where the buffers are, so that a run that was broken off goes on. */
  readonly folder: string
  /** Without anything new stored for so long it gives up. */
  readonly patienceMs: number
}

export interface DailyRun {
  readonly options: DailyOptions
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** Progress for people. */
  say(line: string): void
  readonly stop: AbortSignal
}

/** What one station came to. */
export interface StationOutcome {
  readonly station: string
  readonly device: string
  readonly from: string
  readonly to: string
  readonly days: number
  /** Made by earlier runs in this folder. */
  readonly before: number
  /** Of all days: made, and not known to be stored. */
  readonly made: number
  readonly left: number
}

/** Between looks at what is left, and between lines about it. */
const lookMs = 100
const sayMs = 2_000

/** Makes the days of all stations and delivers them; resolves when all is stored, it was told to stop, or nobody stores. */
export async function runDaily(run: DailyRun): Promise<StationOutcome[]> {
  const { options, clock, log, say, version } = run
  const { stations, fromMs, days, seed, folder } = options
  makeFolder(folder)
  const agents: StationAgent[] = []
  try {
    for (const name of stations) {
      const station = makeStation(name, seed)
      agents.push(openStation({ ...options, station, clock, log: withDevice(log, station.device), version }))
    }
    const before = agents.reduce((sum, agent) => sum + agent.before - dayCount(agent.left(), agent.before), 0)
    say(
      `${stations.length} station${stations.length === 1 ? '' : 's'}, ${dayOf(fromMs)} to ${dayOf(fromMs + (days - 1) * dayMs)}: ${numberWords(stations.length * days)} days, to ${new URL(options.url).host}; Ctrl-C ends, the same command goes on`,
    )
    if (before > 0) say(`${numberWords(before)} of them are stored already`)
    for (const agent of agents) if (!agent.isDone()) agent.start()
    await untilStored(run, agents)
    return agents.map((agent) => outcomeOf(agent, options))
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()))
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new CodedError(
      'cannot-write',
      `--data ${folder} cannot be made (${(error as NodeJS.ErrnoException).code})`,
      {
        hint: 'name a folder that may be written to',
        cause: error,
      },
    )
  }
}

/** Entries that are left are days, but for a start or a stop. */
const dayCount = (entries: number, days: number): number => Math.min(entries, days)

async function untilStored(
  { options, clock, say, stop }: DailyRun,
  agents: readonly StationAgent[],
): Promise<void> {
  const total = agents.length * options.days
  const stored = (): number =>
    agents.reduce((sum, agent) => sum + agent.taken() - dayCount(agent.left(), agent.taken()), 0)
  const begunAtMs = clock.monotonicMs()
  const atBegin = stored()
  let [newest, newestAtMs, saidAtMs] = [atBegin, begunAtMs, begunAtMs]
  while (!stop.aborted && !agents.every((agent) => agent.isDone())) {
    await sleep(clock, lookMs, stop)
    const now = stored()
    const nowMs = clock.monotonicMs()
    if (now !== newest) [newest, newestAtMs] = [now, nowMs]
    if (nowMs - newestAtMs >= options.patienceMs) return
    if (nowMs - saidAtMs < sayMs) continue
    saidAtMs = nowMs
    say(progressWords({ done: now, total, sinceBegin: now - atBegin, elapsedMs: nowMs - begunAtMs }))
  }
}

/** `12,000 of 493,077 days stored (2 %), 9,800/s, about 49 s left`. */
export function progressWords(p: {
  readonly done: number
  readonly total: number
  readonly sinceBegin: number
  readonly elapsedMs: number
}): string {
  const words = `${numberWords(p.done)} of ${numberWords(p.total)} days stored (${Math.floor((100 * p.done) / p.total)} %)`
  const rate = (p.sinceBegin / p.elapsedMs) * 1000
  if (!(rate > 0)) return `${words}, waiting for the collector`
  const leftS = (p.total - p.done) / rate
  const left =
    leftS < 90
      ? `${Math.ceil(leftS)} s`
      : leftS < 5_400
        ? `${Math.ceil(leftS / 60)} min`
        : `${Math.ceil(leftS / 3_600)} h`
  return `${words}, ${numberWords(Math.round(rate))}/s, about ${left} left`
}

const numberWords = (count: number): string => count.toLocaleString('en-US')

function outcomeOf(agent: StationAgent, { fromMs, days }: DailyOptions): StationOutcome {
  const { station, before } = agent
  return {
    station: station.name,
    device: station.device,
    from: dayOf(fromMs),
    to: dayOf(fromMs + (days - 1) * dayMs),
    days,
    before,
    made: agent.taken(),
    left: agent.left(),
  }
}

/** Throws `not-stored` when some days are not made or not known to be stored. */
export function assertAllStored(
  outcomes: readonly StationOutcome[],
  { url, patienceMs }: DailyOptions,
): void {
  const behind = outcomes.filter(({ days, made, left }) => made < days || left > 0)
  if (behind.length === 0) return
  const count = behind.reduce((sum, { days, made, left }) => sum + days - made + left, 0)
  throw new CodedError(
    'not-stored',
    `not known to be stored: ${numberWords(count)} days of ${behind.length} station${behind.length === 1 ? '' : 's'}`,
    {
      hint: `the same command goes on where this one ended; is a collector storing what arrives at ${new URL(url).host}? --drain-limit waits longer than ${patienceMs / 1000} s for news`,
    },
  )
}
