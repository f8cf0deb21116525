import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type FaultName, faults } from '../faults.ts'
import { type Deed, deeds } from './engine/world.ts'
import type { Outcome } from './run.ts'
import type { Answer, Task } from './worker.ts'

/** What many seeds came to. */
export interface Summary {
  readonly seeds: number
  readonly entries: number
  readonly seconds: number
  /** How often each fault and each thing that has to happen happened. */
  readonly fired: Fired
  /** The first seed that broke a promise; null: none did. */
  readonly violation: Outcome | null
}

/** Faults, and what else has to happen, with how often it did. */
export type Fired = ReadonlyMap<FaultName | Deed, number>

export interface SimulateOptions {
  readonly from: number
  readonly to: number
  /** Planted; null: the code as it is. */
  readonly bug?: string | null
  readonly workers?: number
  /** Called after each part. */
  readonly progress?: (done: number, seconds: number) => void
}

/** With fewer seeds than this a fault may well not have happened. */
export const seedsForEveryFault = 300
/** A planted bug has to be found within so many. */
export const seedsPerBug = 2_000
/** Seeds that a thread runs before it says what came of them. */
const seedsPerTask = 10

/** Runs seeds on all cores until they are through or one of them breaks a promise. */
export async function simulate({
  from,
  to,
  bug = null,
  workers = Math.min(2, availableParallelism()),
  progress = () => {},
}: SimulateOptions): Promise<Summary> {
  const startedMs = performance.now()
  const fired = new Map<FaultName | Deed, number>()
  let next = from
  let done = 0
  let entries = 0
  let violation: Outcome | null = null
  const seconds = (): number => (performance.now() - startedMs) / 1_000

  async function work(): Promise<void> {
    const thread = startThread(bug)
    try {
      while (next <= to && violation === null) {
        const seeds = Array.from({ length: Math.min(seedsPerTask, to - next + 1) }, (_, i) => next + i)
        next += seeds.length
        for (const outcome of await thread.run({ seeds, traced: false })) {
          done++
          entries += outcome.entries
          for (const [name, times] of [...outcome.faults, ...outcome.deeds])
            fired.set(name, (fired.get(name) ?? 0) + times)
          if (outcome.violation && (violation === null || outcome.seed < violation.seed)) violation = outcome
        }
        progress(done, seconds())
      }
    } finally {
      await thread.end()
    }
  }

  await Promise.all(Array.from({ length: workers }, work))
  return { seeds: done, entries, seconds: seconds(), fired, violation }
}

/** One seed, told from beginning to end. */
export async function trace(seed: number, bug: string | null): Promise<Outcome> {
  const thread = startThread(bug)
  try {
    const [outcome] = await thread.run({ seeds: [seed], traced: true })
    if (!outcome) throw new Error('the thread did not answer')
    return outcome
  } finally {
    await thread.end()
  }
}

function startThread(bug: string | null) {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { bug }, execArgv: [] })
  return {
    run: (task: Task): Promise<readonly Outcome[]> =>
      new Promise((resolve, reject) => {
        worker.removeAllListeners('message')
        worker.removeAllListeners('error')
        worker.once('message', ({ outcomes }: Answer) => resolve(outcomes))
        worker.once('error', reject)
        worker.postMessage(task)
      }),
    end: () => worker.terminate(),
  }
}

/** Which faults the simulation causes: each of them has to have happened in a long run. */
export const simulatedFaults: readonly FaultName[] = [
  'agent-killed',
  'agent-killed-at-write',
  'agent-stopped',
  'agent-paused',
  'collector-killed',
  'collector-killed-at-write',
  'bridge-killed',
  'bridge-paused',
  'roll-killed',
  'roll-stopped',
  'roll-paused',
  'takeover',
  'network-cut',
  'network-half-open',
  'network-half-open-down',
  'bytes-dropped',
  'message-lost',
  'message-doubled',
  'message-late',
  'message-refused',
  'receipt-lost',
  'buffer-disk-full',
  'log-disk-full',
  'store-disk-full',
  'buffer-read-only',
  'row-unreadable',
  'power-lost',
  'write-torn',
  'read-error',
  'clock-forward',
  'clock-back',
  'collector-clock',
  'log-cut',
  'log-regrown',
  'log-recreated',
  'store-restored',
  'buffer-restored',
  'buffer-wal-truncated',
  'card-cloned',
  'name-shared',
]

const words: ReadonlyMap<FaultName | Deed, string> = new Map([
  ...simulatedFaults.map((name) => [name, faults[name]] as const),
  ...(Object.keys(deeds) as Deed[]).map((name) => [name, deeds[name]] as const),
])

/** How often each of them happened, as lines. */
export function firedTable(fired: Fired): string[] {
  return [...words].map(
    ([name, what]) => `${String(fired.get(name) ?? 0).padStart(9)}  ${name.padEnd(26)} ${what}`,
  )
}

/** Those that never happened. */
export const neverFired = (fired: Fired): (FaultName | Deed)[] =>
  [...words.keys()].filter((name) => (fired.get(name) ?? 0) === 0)

/** What broke, in which seed, and the life of the reading that shows it. */
export function tellViolation({ seed, violation, life }: Outcome, bug: string | null = null): string[] {
  if (!violation) return []
  const { invariant, message, reading } = violation
  const whose = reading
    ? ` of ${reading.device}/${reading.sensor}/${reading.epoch}, number ${reading.seq}`
    : ''
  return [
    `seed ${seed} breaks the invariant ${invariant}${whose}:`,
    `  ${message.replaceAll('\n', '\n  ')}`,
    ...(life.length > 0 ? ['its life:', ...life.map((line) => `  ${line}`)] : []),
    `all of it: npm run simulate-faults -- --seed ${seed} --trace${bug === null ? '' : ` --bug ${bug}`}`,
  ]
}
