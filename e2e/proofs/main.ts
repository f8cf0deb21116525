// `npm run proofs`: each proof once, with its seed, into docs/proofs.md. It may be interrupted: what is done stays done.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { machineLine } from '../bench/results.ts'
import { root } from '../harness/process.ts'
import { withRows } from './document.ts'
import type { Proof } from './proof.ts'
import { proofs } from './proofs.ts'
import { type Finished, readState, writeState } from './state.ts'

const documentPath = join(root, 'docs/proofs.md')
const exitCodes = { held: 0, broken: 1, usage: 2, stopped: 130 } as const
const names = proofs.map(({ name }) => name)

const help = `npm run proofs: what takes longer to show than a test may, into docs/proofs.md

  npm run proofs                     every proof that is not done yet
  npm run proofs -- kills            this one
  npm run proofs -- kills --again    although it is done
  npm run proofs -- --data DIR       notes and files there (e2e/proofs/.state)

Ctrl-C stops; the next run goes on where it was. Exit code 1: something is not as it should be.

Proofs:
${proofs.map(({ name, what }) => `  ${name.padEnd(10)} ${what}`).join('\n')}`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      data: { type: 'string', default: join(root, 'e2e/proofs/.state') },
      again: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return exitCodes.held
  }
  const unknown = positionals.filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new Error(`no proof is named ${unknown.join(', ')}; there are: ${names.join(', ')}`)
  const data = resolve(values.data)
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort())
  process.once('SIGTERM', () => stopping.abort())
  let isHeld = true
  try {
    for (const proof of proofs.filter(({ name }) => positionals.length === 0 || positionals.includes(name)))
      isHeld = (await prove(proof, data, values.again, stopping.signal)).ok && isHeld
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    console.log('stopped; the next run goes on from here')
    return exitCodes.stopped
  }
  return isHeld ? exitCodes.held : exitCodes.broken
}

async function prove(proof: Proof, data: string, isAgain: boolean, signal: AbortSignal): Promise<Finished> {
  const { name, what } = proof
  const before = readState(data, name)
  if (before.finished?.ok && !isAgain) {
    console.log(`${name}: done on ${before.finished.date}: ${before.finished.result}`)
    return before.finished
  }
  const isFresh = isAgain || before.finished !== null
  const spentMs = isFresh ? 0 : before.spentMs
  const folder = join(data, `${name}.files`)
  if (isFresh || before.saved === null) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  console.log(`${name}: ${what} ...`)
  const started = Date.now()
  const minutes = (): number => Math.round((spentMs + Date.now() - started) / 6_000) / 10
  const outcome = await proof.run({
    folder,
    saved: isFresh ? null : before.saved,
    save: (saved) =>
      writeState(data, name, { finished: null, saved, spentMs: spentMs + Date.now() - started }),
    say: (words) => console.log(`  ${words}`),
    signal,
  })
  const date = new Date().toISOString().slice(0, 10)
  const finished: Finished = { ...outcome, date, machine: machineLine(), minutes: minutes() }
  writeState(data, name, { finished, saved: null, spentMs: 0 })
  if (outcome.ok) rmSync(folder, { recursive: true, force: true })
  else console.error(`${name}: FAILED; its files are in ${folder}`)
  console.log(`${name}: ${outcome.count}; ${outcome.result}`)
  const document = existsSync(documentPath) ? readFileSync(documentPath, 'utf8') : ''
  writeFileSync(documentPath, withRows(document, [{ proof, finished }]))
  return finished
}

try {
  const exitCode = await main()
  // Whatever still runs ends with this program.
  process.exit(exitCode)
} catch (error) {
  if (!(error instanceof Error) || !/no proof is named|option|argument/i.test(error.message)) throw error
  console.error(`${error.message}\n\nnpm run proofs -- --help shows everything`)
  process.exitCode = exitCodes.usage
}
