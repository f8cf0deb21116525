// One thread of the simulation. What it loads is the shipped code with the limits made small, and with the bug that is
// planted, if one is.
import { parentPort, workerData } from 'node:worker_threads'
import { bugNamed } from './plant/bugs.ts'
import { applyEdits } from './plant/edit.ts'
import { smallWorld } from './plant/small-world.ts'
import type { Outcome } from './run.ts'

/** Seeds that a thread is to run, one after the other. */
export interface Task {
  readonly seeds: readonly number[]
  /** Tell the whole run. */
  readonly traced: boolean
}

/** What came out of it. */
export interface Answer {
  readonly outcomes: readonly Outcome[]
}

const { bug } = workerData as { readonly bug: string | null }
applyEdits([...smallWorld, ...(bug === null ? [] : bugNamed(bug).edits)])
const { runSeed } = await import('./run.ts')

async function run({ seeds, traced }: Task): Promise<Answer> {
  const outcomes: Outcome[] = []
  for (const seed of seeds) {
    const outcome = await runSeed(seed, { traced })
    // Once more, now that it is known whose life is of interest.
    const { violation } = outcome
    if (violation?.reading) outcomes.push(await runSeed(seed, { traced, watched: violation.reading }))
    else outcomes.push(outcome)
    if (violation) break
  }
  return { outcomes }
}

parentPort?.on('message', (task: Task) => void run(task).then((answer) => parentPort?.postMessage(answer)))
