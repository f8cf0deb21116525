import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultName } from '../faults.ts'
import { chaosFaults, type Stack, stacks } from '../chaos/faults/index.ts'
import { runChaos } from '../chaos/run.ts'
import { problemsOf, rowsOf } from '../chaos/table.ts'
import type { Outcome, Proof, ProofContext } from './proof.ts'

/** What one part of the proof, which stands for itself, came to. */
interface Part {
  readonly kills: Partial<Record<FaultName, number>>
  readonly sent: number
  readonly stored: number
  readonly declaredLost: number
  readonly problems: readonly string[]
}

export interface KillsState {
  readonly parts: readonly Part[]
}

interface Plan {
  readonly name: string
  readonly what: string
  readonly stack: Stack
  readonly faults: readonly FaultName[]
  /** One part: a rig of each shape of the stack, fresh folders, so many kills in each. */
  readonly killsPerRig: number
  /** Of each kind at least so many; more parts are run until they are there. */
  readonly ofEach: number
  readonly firstSeed: number
}

const goal = 1_000
const devices = 3
/** Agents start quickly, so that the collector would come off lightly without longer rests of theirs. */
const restMs = { device: 10_000, collector: 1_000, engine: 1_000 }

export const kills: Proof<KillsState> = createKills({
  name: 'kills',
  what: 'kill -9 of agents, of the collector, and of its bridge and rolls one by one, at random moments and between the writes of a flush, loses and doubles nothing',
  stack: 'embedded',
  faults: ['agent-killed', 'collector-killed', 'collector-killed-at-write', 'bridge-killed', 'roll-killed'],
  killsPerRig: 63,
  ofEach: 1,
  firstSeed: 4_004,
})

/** Of every process and of every engine. */
export const killsOnServices: readonly FaultName[] = [
  'agent-killed',
  'collector-killed',
  'collector-killed-at-write',
  'bridge-killed',
  'roll-killed',
  'mosquitto-killed',
  'kafka-killed',
  'mongodb-killed',
]

export const killsServices: Proof<KillsState> = createKills({
  name: 'kills-services',
  what: 'kill -9 of agents, of two collectors that share a Kafka (one in one program, one as bridge and roll), of Mosquitto, of Kafka and of the server of the store loses and doubles nothing',
  stack: 'services',
  faults: killsOnServices,
  killsPerRig: 100,
  ofEach: 20,
  firstSeed: 5_005,
})

function createKills(plan: Plan): Proof<KillsState> {
  const { name, what, stack, killsPerRig, ofEach, firstSeed } = plan
  const leastParts = Math.ceil(goal / (stacks[stack].length * killsPerRig))
  const isEnough = (done: readonly Part[]): boolean =>
    done.length >= leastParts && plan.faults.every((fault) => countOf(done, fault) >= ofEach)
  return {
    name,
    what,
    async run(context) {
      let done = context.saved?.parts ?? []
      while (!isEnough(done)) {
        context.say(`part ${done.length + 1} of ${Math.max(leastParts, done.length + 1)}`)
        done = [...done, await runPart(plan, context, firstSeed + done.length)]
        context.save({ parts: done })
        const problems = done.flatMap((part) => part.problems)
        if (problems.length > 0) return outcomeOf(plan, done, problems)
      }
      return outcomeOf(plan, done, [])
    },
  }
}

async function runPart(
  { stack, faults, killsPerRig }: Plan,
  { folder, say, signal }: ProofContext<KillsState>,
  seed: number,
): Promise<Part> {
  const path = join(folder, `seed-${seed}`)
  const reports = await Promise.all(
    stacks[stack].map((shape, i) =>
      runChaos({
        folder: join(path, shape),
        seed: seed * 2 + i,
        shape,
        devices,
        faults: chaosFaults.filter(({ name }) => faults.includes(name)),
        hasDisks: false,
        until: { faults: killsPerRig },
        restMs,
        say,
        signal,
      }),
    ),
  )
  const total = rowsOf(reports).at(-1)
  const problems = problemsOf(reports)
  if (problems.length === 0) rmSync(path, { recursive: true, force: true })
  const counts: Partial<Record<FaultName, number>> = {}
  for (const { fault } of reports.flatMap(({ occurrences }) => occurrences))
    counts[fault] = (counts[fault] ?? 0) + 1
  return {
    kills: counts,
    sent: total?.sent ?? 0,
    stored: total?.stored ?? 0,
    declaredLost: total?.declaredLost ?? 0,
    problems,
  }
}

const sumOf = (done: readonly Part[], of: (part: Part) => number): number =>
  done.reduce((total, part) => total + of(part), 0)

const countOf = (done: readonly Part[], fault: FaultName): number =>
  sumOf(done, (part) => part.kills[fault] ?? 0)

function outcomeOf({ faults, firstSeed }: Plan, done: readonly Part[], problems: readonly string[]): Outcome {
  const counts = faults.map((name) => ({ name, count: countOf(done, name) }))
  const all = counts.reduce((total, { count }) => total + count, 0)
  const sent = sumOf(done, (part) => part.sent)
  const stored = sumOf(done, (part) => part.stored)
  return {
    ok: problems.length === 0 && all >= goal,
    count: `${all} kills: ${counts.map(({ name, count }) => `${count} ${name}`).join(', ')}`,
    seed: `${firstSeed} to ${firstSeed + done.length - 1}`,
    result:
      problems.length === 0
        ? `${sent} readings sent, ${stored} stored once; 0 doubled, 0 silently lost, 0 wrong windows, ${sumOf(done, (part) => part.declaredLost)} declared lost; ${sent - stored} were not yet accepted when their agent died`
        : problems.slice(0, 5).join('; '),
  }
}
