// `npm run simulate-faults`: the whole system in one process under simulated faults. See --help.
import { parseArgs } from 'node:util'
import { bugs, bugNamed } from './plant/bugs.ts'
import {
  firedTable,
  neverFired,
  seedsForEveryFault,
  seedsPerBug,
  simulate,
  type Summary,
  tellViolation,
  trace,
} from './simulate.ts'

const help = `npm run simulate-faults -- [options]
  --seeds 1..1000   these seeds
  --fresh 300       as many that nobody has run before, most likely (the default)
  --seed 7          this seed; with --trace everything that happens in it
  --bug NAME        with a bug planted: exits with 1 when it is found, as with any violation
  --bugs            every planted bug, each until it is found, at most 2,000 seeds of --seeds
  --workers 2       threads`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    fresh: { type: 'string', default: '300' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    bug: { type: 'string' },
    bugs: { type: 'boolean', default: false },
    workers: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

function range(text: string): { from: number; to: number } {
  const [from, to] = text.split('..').map(Number)
  if (from === undefined || !Number.isInteger(from) || (to !== undefined && !(to >= from)))
    throw new Error(`--seeds is FROM..TO, not ${text}`)
  return { from, to: to ?? from }
}

/** Seeds that nobody has run before, most likely. */
function fresh(count: number): { from: number; to: number } {
  const from = Math.floor(Math.random() * 2 ** 31)
  return { from, to: from + count - 1 }
}

function progressLine(total: number): (done: number, seconds: number) => void {
  let saidAt = 0
  return (done, seconds) => {
    if (seconds - saidAt < (process.stdout.isTTY ? 1 : 15)) return
    saidAt = seconds
    const rate = done / seconds
    const line = `${done} of ${total} seeds, ${rate.toFixed(1)} seeds/s, ${Math.ceil((total - done) / rate)} s to go`
    process.stdout.write(process.stdout.isTTY ? `\r${line}   ` : `${line}\n`)
  }
}

const workers = values.workers === undefined ? {} : { workers: Number(values.workers) }

async function runSeeds(bug: string | null): Promise<number> {
  const chosen = values.seed ?? values.seeds
  const { from, to } = chosen ? range(chosen) : fresh(Number(values.fresh))
  if (bug !== null) bugNamed(bug)
  console.log(`seeds ${from}..${to}${bug === null ? '' : `, with the bug ${bug}`}`)
  const summary = await simulate({ from, to, bug, ...workers, progress: progressLine(to - from + 1) })
  if (process.stdout.isTTY) console.log()
  return report(summary, bug)
}

function report(summary: Summary, bug: string | null): number {
  const { seeds, entries, seconds, violation } = summary
  if (violation) {
    for (const line of tellViolation(violation, bug)) console.log(line)
    return 1
  }
  console.log('how often each fault happened, and what else has to:')
  for (const line of firedTable(summary.fired)) console.log(line)
  const never = seeds >= seedsForEveryFault ? neverFired(summary.fired) : []
  if (never.length > 0) console.log(`never happened, so nothing is known of it: ${never.join(', ')}`)
  console.log(
    `${seeds} seeds, ${entries} entries accepted, ${(seeds / seconds).toFixed(1)} seeds/s, 0 violations`,
  )
  return never.length > 0 ? 1 : 0
}

async function runBugs(): Promise<number> {
  const { from } = values.seeds ? range(values.seeds) : { from: 1 }
  const missed: string[] = []
  for (const { name, rule, model } of bugs) {
    const { violation, seeds } = await simulate({ from, to: from + seedsPerBug - 1, bug: name, ...workers })
    if (!violation) missed.push(name)
    const found = violation
      ? `seed ${violation.seed} (${violation.violation?.invariant ?? ''})`
      : `not in ${seeds} seeds`
    console.log(`${name.padEnd(26)} ${found.padEnd(32)} ${(model ?? '').padStart(5)}  ${rule}`)
  }
  console.log(`${bugs.length - missed.length} of ${bugs.length} planted bugs found`)
  return missed.length > 0 ? 1 : 0
}

async function runTrace(seed: number, bug: string | null): Promise<number> {
  const outcome = await trace(seed, bug)
  for (const line of outcome.trace) console.log(line)
  for (const line of tellViolation(outcome, bug)) console.log(line)
  console.log(`seed ${seed}, hash ${outcome.hash}, ${outcome.entries} entries accepted`)
  return outcome.violation ? 1 : 0
}

if (values.help) console.log(help)
else if (values.bugs) process.exitCode = await runBugs()
else if (values.trace) process.exitCode = await runTrace(Number(values.seed), values.bug ?? null)
else process.exitCode = await runSeeds(values.bug ?? null)
