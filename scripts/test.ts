// `npm test`: every test this machine can run, what it cannot run named, and always the same closing line.
// Arguments go to vitest: `npm test -- proto`, `npm test -- --project unit`, `npm test -- -t "late reading"`.
// `npm test -- --stack services`: the tests that run on any stack, on Mosquitto, Kafka and MongoDB.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readArguments, type TestArguments } from './test-arguments.ts'
import { closingLine, summarize, type AllowedNeed, type Report } from './test-summary.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'barograph-test-'))
const reportFile = join(folder, 'report.json')

const readJson = (path: string): unknown => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null)

const readOurs = (): TestArguments => {
  try {
    return readArguments(process.argv.slice(2))
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(2)
  }
}

const runVitest = async ({ vitest: args, env }: TestArguments): Promise<number> => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  // A line for each slow test is for a person who watches; a log wants what failed and the sums.
  const progress = process.env.CI ? '--reporter=dot' : '--reporter=default'
  const reporters = [progress, `--reporter=${join(root, 'scripts/test-reporter.ts')}`]
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env, BAROGRAPH_TEST_REPORT: reportFile },
  })
  // Ended from outside (Ctrl-C, a time budget), the run still owes its closing line.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

const exitCode = await runVitest(readOurs())
const report = readJson(reportFile) as Report | null
const allowed = (readJson(join(root, 'e2e/needs.json')) ?? []) as AllowedNeed[]
rmSync(folder, { recursive: true, force: true })

const summary = summarize(report, { exitCode, allowed, isCi: Boolean(process.env.CI) })
if (summary.skips.length > 0) console.log(`\nSKIPPED, and why:\n${summary.skips.join('\n')}`)
if (summary.problems.length > 0) console.log(`\nFAILED:\n  ${summary.problems.join('\n  ')}`)
console.log(`\n${closingLine(summary)}`)
process.exitCode = summary.failed > 0 ? 1 : 0
