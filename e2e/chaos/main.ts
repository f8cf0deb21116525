// `npm run chaos`: real processes under real faults. See options.ts for what it can do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServiceFailure } from '../../scripts/services/failure.ts'
import { canMountSmallDisk } from '../../collector/testing-disk.ts'
import { faultsOn, stacks } from './faults/index.ts'
import { help, readOptions, WrongUsage } from './options.ts'
import { type ChaosReport, runChaos } from './run.ts'
import { formatRows, problemsOf, rowsOf } from './table.ts'

/** Problems that are printed; the rest is counted. */
const problemsShown = 40
const exitCodes = { held: 0, broken: 1, usage: 2, stopped: 130 } as const

async function main(): Promise<number> {
  const asked = readOptions(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 31))
  if (!asked) {
    console.log(help)
    return exitCodes.held
  }
  const { minutes, seed, stack, devices, only } = asked
  const folder = mkdtempSync(join(tmpdir(), 'barograph-chaos-'))
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort())
  process.once('SIGTERM', () => stopping.abort())
  const wanted = faultsOn(stack).filter(({ name, isLong }) =>
    only ? only.includes(name) : !isLong || minutes >= 2,
  )
  const hasDisks = canMountSmallDisk()
  const skipped = wanted.filter(({ needsDisk }) => needsDisk && !hasDisks).map(({ name }) => name)
  console.log(`seed ${seed}, ${minutes} minutes, files in ${folder}`)
  if (skipped.length > 0)
    console.log(`SKIPPED: ${skipped.join(', ')}: run on Linux as root that may mount a tmpfs`)
  try {
    const reports = await Promise.all(
      stacks[stack].map((shape) =>
        runChaos({
          folder: join(folder, shape),
          seed,
          shape,
          devices,
          faults: wanted,
          hasDisks,
          until: { ms: minutes * 60_000 },
          restMs: { device: 4_000, collector: 4_000, engine: 4_000 },
          say: console.log,
          signal: stopping.signal,
        }),
      ),
    )
    return report(reports, skipped) && !asked.keep ? done(folder) : keep(folder, reports)
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    console.log('stopped')
    rmSync(folder, { recursive: true, force: true })
    return exitCodes.stopped
  }
}

/** True: the promise held. */
function report(reports: readonly ChaosReport[], skipped: readonly string[]): boolean {
  const problems = problemsOf(reports)
  const sum = (of: (one: ChaosReport) => number): number => reports.reduce((total, one) => total + of(one), 0)
  console.log(`\n${formatRows(rowsOf(reports))}`)
  console.log(
    `\nNever accepted, as their agent died or was in trouble before the next commit: ${sum(({ verdict }) => verdict.notAccepted.length)}. Waiting for release: ${sum(({ verdict }) => verdict.quarantined)}. Longest wait until everything had arrived: ${Math.max(...reports.map(({ drainedMs }) => drainedMs)) / 1000} s.`,
  )
  if (skipped.length > 0) console.log(`SKIPPED: ${skipped.join(', ')}`)
  for (const words of problems.slice(0, problemsShown)) console.error(words)
  if (problems.length > problemsShown) console.error(`... and ${problems.length - problemsShown} more`)
  return problems.length === 0
}

function done(folder: string): number {
  rmSync(folder, { recursive: true, force: true })
  return exitCodes.held
}

function keep(folder: string, reports: readonly ChaosReport[]): number {
  console.log(`the files are in ${folder}`)
  return problemsOf(reports).length === 0 ? exitCodes.held : exitCodes.broken
}

try {
  const exitCode = await main()
  // Whatever still runs ends with this program.
  process.exit(exitCode)
} catch (error) {
  if (error instanceof ServiceFailure) {
    console.error(error.message)
    process.exit(exitCodes.usage)
  }
  if (!(error instanceof WrongUsage)) throw error
  console.error(`${error.message}\n\nnpm run chaos -- --help shows everything`)
  process.exitCode = exitCodes.usage
}
