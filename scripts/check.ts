// `npm run check`: types, lint, import direction, format, unused code. One line for each part, details only of
// what failed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const packages = join(root, 'node_modules')

type Part = { name: string; args: string[] }
type Outcome = { name: string; ok: boolean; output: string }

// The longest first, so that the short ones fill the other core.
const PARTS: Part[] = [
  { name: 'unused', args: [join(packages, 'knip/bin/knip.js'), '--no-progress', '--no-config-hints'] },
  { name: 'types', args: [join(packages, 'typescript/bin/tsc'), '--noEmit'] },
  { name: 'lint', args: [join(packages, 'oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'] },
  { name: 'imports', args: [join(root, 'scripts/import-direction.ts')] },
  { name: 'format', args: [join(packages, '@biomejs/biome/bin/biome'), 'format', '.'] },
]

const runPart = async ({ name, args }: Part): Promise<Outcome> => {
  const startedMs = performance.now()
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  const ok = code === 0
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(8)} ${seconds.padStart(5)} s`)
  return { name, ok, output }
}

const runAll = async (parts: Part[], atOnce: number): Promise<Outcome[]> => {
  const waiting = [...parts]
  const outcomes: Outcome[] = []
  const worker = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) outcomes.push(await runPart(part))
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return outcomes
}

const outcomes = await runAll(PARTS, Math.min(2, availableParallelism()))
const failures = outcomes.filter((outcome) => !outcome.ok)
for (const { name, output } of failures) console.log(`\n== ${name}\n${output.trim()}`)
if (failures.some((failure) => failure.name === 'format')) console.log('\nTo format: npm run format')
process.exitCode = failures.length > 0 ? 1 : 0
