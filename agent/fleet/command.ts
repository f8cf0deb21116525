import { writeFile } from 'node:fs/promises'
import { CodedError } from '@barograph/proto'
import { type Command, Option } from 'commander'
import { createLog, type LogLevel, logLevels } from '../cli/log.ts'
import { agentVersion } from '../cli/version.ts'
import { systemClock } from '../system-clock.ts'
import { type DailyFlags, defaultFolder, refuseDailyFlags, simulateDaily } from './daily/command.ts'
import { parseDay, parseDays, parseStations } from './daily/stations.ts'
import {
  type FleetOptions,
  parseDevices,
  parseDuration,
  parseHostPort,
  parsePercent,
  parsePrefix,
  parseRate,
  parseSeed,
  parseUrl,
} from './fleet-options.ts'
import { formatLedger, ledgerJson } from './print.ts'
import { assertStored, runFleet } from './run-fleet.ts'
import { serveOnly } from './serve-only.ts'

interface Given extends Omit<FleetOptions, 'durationMs' | 'http' | 'drainLimitMs' | 'rate'> {
  readonly rate?: number
  readonly duration?: number
  readonly http?: { readonly host: string; readonly port: number }
  readonly drainLimit: number
  readonly uplink: boolean
  readonly ledger?: string
  readonly json: boolean
  readonly logLevel: LogLevel
}

/** Readings per second of each device, if nothing else is asked for. */
const defaultRate = 4

const examples = `
Examples:
  barograph-agent simulate --devices 8 --rate 4.0
  barograph-agent simulate --devices 8 --rate 4.0 --late 5 --duplicate 1 --gap 1 --duration 60s
  barograph-agent simulate --devices 2 --http 127.0.0.1:8014     also as a web service
  barograph-agent simulate --devices 2 --http 127.0.0.1:8014 --no-uplink     only as a web service, without a broker
  barograph-agent simulate --daily --stations A,B,C --from 1990-01-01 --days 3650
  barograph-agent simulate --daily --stations A,B,C --from 1990-01-01 --days 164359 --values values.csv

Late readings are held back for 15 to 60 s, so that their window is past. Doubled: the same batch is published
twice. Gaps: readings are declared lost. At the end it waits until all is stored, and prints its ledger.

--daily makes weather stations: each a device (of its name in small letters) with temperature and precipitation of
each day at noon, UTC, the same for the same --seed. What is made lies in --data until it is stored: broken off in
whatever way, the same command goes on and no day is there twice. More --days later go on too.`

/** Adds `simulate`: many devices, each an agent with its own connection and identity. */
export function addSimulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('runs simulated devices, each with its own connection and identity')
    .option('--devices <count>', 'how many', parseDevices, 8)
    .option(
      '--rate <number>',
      'readings per second of each device (default: 4; with --daily as fast as it goes)',
      parseRate,
    )
    .option('--seed <number>', 'another one gives other weather', parseSeed, 1)
    .option('--late <percent>', 'of the readings come late', parsePercent, 0)
    .option('--duplicate <percent>', 'of the batches come twice', parsePercent, 0)
    .option('--gap <percent>', 'of the readings are declared lost', parsePercent, 0)
    .addOption(
      new Option('--url <url>', 'the broker')
        .env('BAROGRAPH_UPLINK_URL')
        .argParser(parseUrl)
        .default('mqtt://127.0.0.1:1883'),
    )
    .option('--prefix <word>', 'devices are called WORD-1, WORD-2, ...', parsePrefix, 'sim')
    .option('--duration <duration>', 'ends after it, such as 60s or 5m; without it at Ctrl-C', parseDuration)
    .addOption(
      new Option('--drain-limit <duration>', 'waits at the end at most so long')
        .argParser(parseDuration)
        .default(60_000, '60s'),
    )
    .option('--http <host:port>', 'serves GET /devices and GET /devices/{id}/reading', parseHostPort)
    .option('--no-uplink', 'with --http: serves the readings and sends them nowhere')
    .option('--ledger <file>', 'writes the ledger with every window as JSON')
    .option('--daily', 'weather stations with a reading of each day, in place of devices that measure now')
    .option('--stations <names>', 'with --daily: which, such as A,B,C', parseStations)
    .option('--from <day>', 'with --daily: the first day, such as 1990-01-01', parseDay)
    .option('--days <count>', 'with --daily: how many days', parseDays)
    .option('--data <folder>', `with --daily: keeps what is not stored yet (default: ${defaultFolder})`)
    .option('--values <file>', 'with --daily: writes every value as CSV too')
    .option('--json', 'prints the ledger with every window as JSON')
    .addOption(new Option('--log-level <level>', 'how much is said').choices([...logLevels]).default('warn'))
    .addHelpText('after', examples)
    .exitOverride()
    .action(simulate)
}

async function simulate(given: Given & DailyFlags, command: Command): Promise<void> {
  if (given.daily) return simulateDaily(given, command)
  refuseDailyFlags(command)
  if (!given.uplink) return simulateSource(given, command)
  return simulateFleet(given)
}

async function simulateSource(given: Given, command: Command): Promise<void> {
  if (!given.http)
    throw new CodedError('usage', '--no-uplink leaves nothing to do without --http', {
      hint: 'such as --http 127.0.0.1:8014 --no-uplink',
    })
  const sent = (['late', 'duplicate', 'gap', 'ledger', 'url'] as const).find(
    (name) => command.getOptionValueSource(name) === 'cli',
  )
  if (sent) throw new CodedError('usage', `--${sent} is of what is sent, and --no-uplink sends nothing`)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await serveOnly({
    options: { ...given, rate: given.rate ?? defaultRate, durationMs: given.duration ?? null },
    http: given.http,
    clock: systemClock,
    say: (line) => console.error(line),
    stop: stop.signal,
  })
}

async function simulateFleet(given: Given): Promise<void> {
  const options: FleetOptions = {
    ...given,
    rate: given.rate ?? defaultRate,
    durationMs: given.duration ?? null,
    http: given.http ?? null,
    drainLimitMs: given.drainLimit,
  }
  const stopSampling = new AbortController()
  const giveUp = new AbortController()
  const onSignal = (): void => {
    if (stopSampling.signal.aborted) giveUp.abort()
    stopSampling.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  try {
    const ledgers = await runFleet({
      options,
      keepWindows: given.json || given.ledger !== undefined,
      version: agentVersion,
      clock: systemClock,
      log: createLog({ level: given.logLevel, json: given.json }),
      say: (line) => console.error(line),
      stopSampling: stopSampling.signal,
      giveUp: giveUp.signal,
    })
    console.log(given.json ? ledgerJson(options, ledgers) : formatLedger(ledgers))
    if (given.ledger !== undefined) await writeLedger(given.ledger, ledgerJson(options, ledgers))
    assertStored(ledgers, options)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
  }
}

async function writeLedger(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, `${text}\n`)
  } catch (error) {
    throw new CodedError('cannot-write', `--ledger ${file} cannot be written`, {
      hint: 'is the folder there, and writable?',
      cause: error,
    })
  }
}
