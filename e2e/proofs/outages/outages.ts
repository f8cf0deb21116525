import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEngines, startStack } from '../../harness/stack.ts'
import type { Outcome, Proof, ProofContext } from '../proof.ts'
import { type Outage, type OutagesReport, runOutages } from './run.ts'

/** In turn, and then together. Each stands for itself, on engines of its own. */
const outages: readonly Outage[] = [
  { name: 'Kafka', engines: ['kafka'] },
  { name: 'MongoDB', engines: ['mongo'] },
  { name: 'Mosquitto', engines: ['mosquitto'] },
  { name: 'all three', engines: ['kafka', 'mongo', 'mosquitto'] },
]

const devices = 50
const rate = 20
const awayMs = 120_000
const calmMs = 15_000

/** However long an engine is away. */
export const outageLimits = {
  /** All of the agents together, in one process; their backlogs are on the disk. */
  agentsMb: 512,
  /** 64 MB that are not in the log yet, as much again in requests, and the documents of four partitions. */
  collectorMb: 1_024,
  /** Until it is told that an engine is away: an append waits 15 s for its acknowledgement. */
  noticedMs: 30_000,
} as const

export interface OutagesState {
  readonly parts: readonly OutagesReport[]
}

export const outagesProof: Proof<OutagesState> = {
  name: 'outages',
  what: `Kafka, MongoDB and Mosquitto are killed and stay away for two minutes, in turn and together, under ${devices * rate} readings/s: nothing is lost, memory stays bounded, all recovers by itself, and /readyz tells the truth each second`,
  async run(context) {
    let done = context.saved?.parts ?? []
    for (const outage of outages.slice(done.length)) {
      done = [...done, await runPart(context, outage)]
      if (done.some(({ problems }) => problems.length > 0)) break
      context.save({ parts: done })
    }
    return outcomeOf(done)
  },
}

async function runPart(
  { folder, say, signal }: ProofContext<OutagesState>,
  outage: Outage,
): Promise<OutagesReport> {
  const path = join(folder, outage.engines.join('-'))
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  const engines = await startEngines({ folder: path, ownMongo: true })
  try {
    const stack = await startStack('services', { folder: path, engines })
    try {
      const report = await runOutages({
        stack,
        outages: [outage],
        devices,
        rate,
        calmMs,
        awayMs,
        say,
        signal,
      })
      say(wordsOf(report))
      return { ...report, problems: [...report.problems, ...broken(report)] }
    } finally {
      await stack.stop()
    }
  } finally {
    await engines.stop()
  }
}

/** What a report tells that is not as it should be, beside what is wrong in the end. */
function broken({ outages: found, agents, collector, falseAlarms }: OutagesReport): string[] {
  return [
    ...found.flatMap(({ name, noticedMs, readyAgainMs, falseReady }) => [
      (noticedMs === null || noticedMs > outageLimits.noticedMs) &&
        `${name}: /readyz said so after ${noticedMs} ms`,
      falseReady > 0 && `${name}: /readyz said ready ${falseReady} times while it was away`,
      readyAgainMs === null && `${name}: it was not ready again`,
    ]),
    agents.mostMb > outageLimits.agentsMb && `agents: ${memoryWords(agents)}`,
    collector.mostMb > outageLimits.collectorMb && `collector: ${memoryWords(collector)}`,
    falseAlarms.length > 0 && `not ready ${falseAlarms.length} times while all was there: ${falseAlarms[0]}`,
  ].filter((words): words is string => typeof words === 'string')
}

const seconds = (ms: number | null): string => (ms === null ? 'never' : `${Math.round(ms / 1_000)} s`)
const memoryWords = ({ beforeMb, mostMb }: OutagesReport['agents']): string =>
  `${Math.round(beforeMb)} MB before, at most ${Math.round(mostMb)} MB`

const wordsOf = ({ outages: found, agents, collector, drainSeconds }: OutagesReport): string =>
  found
    .map(
      ({ name, noticedMs, readyAgainMs }) =>
        `${name}: told after ${seconds(noticedMs)}, ready ${seconds(readyAgainMs)} after its return, all stored ${Math.round(drainSeconds)} s after it; agents ${memoryWords(agents)}; collector ${memoryWords(collector)}`,
    )
    .join('; ')

function outcomeOf(done: readonly OutagesReport[]): Outcome {
  const accepted = done.reduce((sum, report) => sum + report.accepted, 0)
  const problems = done.flatMap((report) => report.problems)
  const perSecond = Math.min(...done.map((report) => report.perSecond))
  return {
    ok: problems.length === 0 && done.length === outages.length,
    count: `${done.length} outages of ${awayMs / 1_000} s, ${accepted} readings of ${devices} agents, at least ${Math.round(perSecond)} a second`,
    seed: 'none',
    result:
      problems.length > 0
        ? problems.slice(0, 5).join('; ')
        : `each reading stored once, 0 wrong windows. ${done.map(wordsOf).join('. ')}`,
  }
}
