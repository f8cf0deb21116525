import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultName } from '../faults.ts'
import { chaosFaults } from '../chaos/faults/index.ts'
import { runChaos } from '../chaos/run.ts'
import { problemsOf, rowsOf } from '../chaos/table.ts'
import type { Shape } from '../chaos/collectors.ts'
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

const goal = 1_000
/** One part: a rig of each shape, fresh folders. */
const killsPerRig = 63
const parts = Math.ceil(goal / (2 * killsPerRig))
const firstSeed = 4_004
const devices = 3
/** Agents start quickly, so that the collector would come off lightly without longer rests of theirs. */
const restMs = { device: 10_000, collector: 1_000, engine: 1_000 }
const names: ReadonlySet<FaultName> = new Set([
  'agent-killed',
  'collector-killed',
  'collector-killed-at-write',
  'bridge-killed',
  'roll-killed',
])

export const kills: Proof<KillsState> = {
  name: 'kills',
  what: 'kill -9 of agents, of the collector, and of its bridge and rolls one by one, at random moments and between the writes of a flush, loses and doubles nothing',
  async run(context) {
    let done = context.saved?.parts ?? []
    while (done.length < parts) {
      context.say(`part ${done.length + 1} of ${parts}`)
      done = [...done, await runPart(context, firstSeed + done.length)]
      context.save({ parts: done })
      const problems = done.flatMap((part) => part.problems)
      if (problems.length > 0) return outcomeOf(done, problems)
    }
    return outcomeOf(done, [])
  },
}

async function runPart({ folder, say, signal }: ProofContext<KillsState>, seed: number): Promise<Part> {
  const path = join(folder, `seed-${seed}`)
  const reports = await Promise.all(
    (['whole', 'split'] satisfies Shape[]).map((shape, i) =>
      runChaos({
        folder: join(path, shape),
        seed: seed * 2 + i,
        shape,
        devices,
        faults: chaosFaults.filter(({ name }) => names.has(name)),
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
  const kills: Partial<Record<FaultName, number>> = {}
  for (const { fault } of reports.flatMap(({ occurrences }) => occurrences))
    kills[fault] = (kills[fault] ?? 0) + 1
  return {
    kills,
    sent: total?.sent ?? 0,
    stored: total?.stored ?? 0,
    declaredLost: total?.declaredLost ?? 0,
    problems,
  }
}

function outcomeOf(done: readonly Part[], problems: readonly string[]): Outcome {
  const sum = (of: (part: Part) => number): number => done.reduce((total, part) => total + of(part), 0)
  const counts = [...names].map((name) => ({ name, count: sum((part) => part.kills[name] ?? 0) }))
  const all = counts.reduce((total, { count }) => total + count, 0)
  const sent = sum((part) => part.sent)
  const stored = sum((part) => part.stored)
  return {
    ok: problems.length === 0 && all >= goal,
    count: `${all} kills: ${counts.map(({ name, count }) => `${count} ${name}`).join(', ')}`,
    seed: `${firstSeed} to ${firstSeed + done.length - 1}`,
    result:
      problems.length === 0
        ? `${sent} readings sent, ${stored} stored once; 0 doubled, 0 silently lost, 0 wrong windows, ${sum((part) => part.declaredLost)} declared lost; ${sent - stored} were not yet accepted when their agent died`
        : problems.slice(0, 5).join('; '),
  }
}
