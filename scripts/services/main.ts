// `npm run services`: the engines that people operate, on this machine, without Docker.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ServiceFailure } from './failure.ts'
import { alone, down, type EngineName, engineNames, type Status, status, up } from './manage.ts'
import { realMongoUrl } from './mongo.ts'

const help = `npm run services: real Kafka, Mosquitto and a MongoDB-compatible server on the loopback interface, no Docker

  npm run services -- up              starts what does not run yet; prints the addresses
  npm run services -- up kafka mqtt   only these (mqtt, kafka, mongodb)
  npm run services -- status          what runs
  npm run services -- down            ends it; data stay in .services/
  npm run services -- up --json       {"mqtt":"mqtt://...","kafka":"kafka://...","mongodb":"mongodb://..."}

  --folder DIR                        data and logs there instead of .services

Needed: Java 17 or newer with its compiler, Maven for the first start (jars from Maven Central, kept in ~/.cache),
Mosquitto. On Debian: apt-get install default-jdk-headless maven mosquitto
BAROGRAPH_TEST_MONGODB_URL names a MongoDB of your own: none is started then.`

class WrongUsage extends Error {}

interface Command {
  readonly verb: 'up' | 'down' | 'status'
  readonly names: readonly EngineName[]
  readonly folder: string
  readonly json: boolean
}

function readCommand(args: string[]): Command | null {
  const options = {
    json: { type: 'boolean', default: false },
    folder: { type: 'string', default: join(import.meta.dirname, '../../.services') },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values, positionals } = parse(() => parseArgs({ args, options, allowPositionals: true }))
  if (values.help) return null
  const [verb, ...names] = positionals
  if (verb !== 'up' && verb !== 'down' && verb !== 'status')
    throw new WrongUsage(
      `${verb === undefined ? 'No command' : `"${verb}"`}: it is up, down or status\n\n${help}`,
    )
  return {
    verb,
    names: names.length === 0 ? engineNames : names.map(engineName),
    folder: resolve(values.folder),
    json: values.json,
  }
}

function parse<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new WrongUsage(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
  }
}

function engineName(name: string): EngineName {
  const known = engineNames.find((each) => each === name)
  if (!known) throw new WrongUsage(`"${name}" is no service: they are ${engineNames.join(', ')}`)
  return known
}

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2))
  if (!command) return console.log(help)
  if (command.verb === 'status') await act(command)
  else await alone(command.folder, () => act(command))
}

async function act(command: Command): Promise<void> {
  const { verb, folder, json } = command
  // With --json, standard output is for the machine.
  const say = (words: string): void => (json ? console.error(words) : console.log(words))
  const names = command.names.filter((name) => name !== 'mongodb' || realMongoUrl === null)
  if (verb === 'down') {
    const ended = await Promise.all(names.map(async (name) => ((await down(folder, name)) ? [name] : [])))
    if (json) console.log(JSON.stringify(ended.flat()))
    else say(ended.flat().length > 0 ? `Ended: ${ended.flat().join(', ')}` : 'Nothing was running.')
    return
  }
  const work =
    verb === 'up' ? (name: EngineName) => up(folder, name, say) : (name: EngineName) => status(folder, name)
  const outcomes = await Promise.allSettled(names.map(work))
  const found = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  if (json) console.log(JSON.stringify(addresses(found, command.names)))
  else say(table(found, command.names))
  for (const outcome of outcomes) if (outcome.status === 'rejected') complain(outcome.reason)
  if (found.length < names.length || found.some(({ isReady }) => !isReady)) process.exitCode = 1
}

/** URLs of what runs. */
function addresses(found: readonly Status[], wanted: readonly EngineName[]): Record<string, string> {
  const urls = found.flatMap(({ name, running }) => (running ? [[name, running.url]] : []))
  const ownMongo = realMongoUrl !== null && wanted.includes('mongodb') ? { mongodb: realMongoUrl } : {}
  return { ...(Object.fromEntries(urls) as Record<string, string>), ...ownMongo }
}

function table(found: readonly Status[], wanted: readonly EngineName[]): string {
  const lines = found.map(({ name, title, running, isReady, logFile }) => {
    if (!running) return `${name.padEnd(8)} does not run (${title})`
    const state = isReady ? title : `${title}, DOES NOT ANSWER`
    return `${name.padEnd(8)} ${running.url.padEnd(28)} process ${running.pid}, ${state}; log ${logFile}`
  })
  const ownMongo = realMongoUrl !== null && wanted.includes('mongodb')
  if (ownMongo) lines.push('mongodb  your own, as BAROGRAPH_TEST_MONGODB_URL names it')
  return lines.join('\n')
}

function complain(reason: unknown): void {
  if (!(reason instanceof ServiceFailure)) throw reason
  console.error(`\n${reason.message}`)
}

main().catch((error: unknown) => {
  if (!(error instanceof WrongUsage)) throw error
  console.error(error.message)
  process.exitCode = 2
})
