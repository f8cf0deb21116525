import { resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import type { Command } from 'commander'
import { createLog, type LogLevel } from '../../cli/log.ts'
import { formatTable } from '../../cli/table.ts'
import { agentVersion } from '../../cli/version.ts'
import { systemClock } from '../../system-clock.ts'
import { assertAllStored, type DailyOptions, runDaily, type StationOutcome } from './run-daily.ts'
import { fits } from './stations.ts'
import { writeValues } from './values-file.ts'

/** What --daily understands of the command line. */
export interface DailyFlags {
  readonly daily?: true
  readonly stations?: readonly string[]
  readonly from?: number
  readonly days?: number
  readonly data?: string
  readonly values?: string
  readonly rate?: number
  readonly seed: number
  readonly url: string
  readonly drainLimit: number
  readonly json?: boolean
  readonly logLevel: LogLevel
}

/** Where buffers are kept when no other folder is named. */
export const defaultFolder = 'data/simulate-daily'

const dailyOnly = ['stations', 'from', 'days', 'data', 'values'] as const
const fleetOnly = [
  'devices',
  'late',
  'duplicate',
  'gap',
  'prefix',
  'duration',
  'http',
  'uplink',
  'ledger',
] as const

const isGiven = (command: Command, name: string): boolean => command.getOptionValueSource(name) === 'cli'

/** Throws `usage` when something is asked for that only --daily has. */
export function refuseDailyFlags(command: Command): void {
  const given = dailyOnly.find((name) => isGiven(command, name))
  if (given)
    throw new CodedError('usage', `--${given} is for --daily only`, { hint: 'add --daily, or leave it out' })
}

/** `simulate --daily`. Throws `usage`, `not-stored` and what buffers throw. */
export async function simulateDaily(flags: DailyFlags, command: Command): Promise<void> {
  const options = optionsOf(flags, command)
  if (flags.values !== undefined) await writeValues(resolve(flags.values), options)
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal)
  try {
    const outcomes = await runDaily({
      options,
      version: agentVersion,
      clock: systemClock,
      log: createLog({ level: flags.logLevel, json: flags.json ?? false }),
      say: (line) => console.error(line),
      stop: stop.signal,
    })
    console.log(flags.json ? JSON.stringify({ seed: options.seed, stations: outcomes }) : tableOf(outcomes))
    assertAllStored(outcomes, options)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
  }
}

function optionsOf(flags: DailyFlags, command: Command): DailyOptions {
  const foreign = fleetOnly.find((name) => isGiven(command, name))
  if (foreign) throw new CodedError('usage', `--${foreign} is not for --daily`, { hint: 'leave it out' })
  const { stations, from, days, seed, rate = null, url, drainLimit } = flags
  if (stations === undefined || from === undefined || days === undefined) {
    const missing = (['stations', 'from', 'days'] as const).filter((name) => flags[name] === undefined)
    throw new CodedError('usage', `--daily needs ${missing.map((name) => `--${name}`).join(' and ')}`, {
      hint: 'such as --daily --stations A,B,C --from 1990-01-01 --days 3650',
    })
  }
  if (!fits(from, days))
    throw new CodedError('usage', `--days ${days} go beyond the year 9999`, {
      hint: 'fewer days, or an earlier --from',
    })
  const folder = resolve(flags.data ?? defaultFolder)
  return { stations, fromMs: from, days, seed, rate, url, folder, patienceMs: drainLimit }
}

const tableOf = (outcomes: readonly StationOutcome[]): string =>
  formatTable(
    ['station', 'device', 'from', 'to', 'days', 'made before', 'made', 'not stored'],
    outcomes.map(({ station, device, from, to, days, before, made, left }) => [
      station,
      device,
      from,
      to,
      String(days),
      String(before),
      String(made),
      String(left),
    ]),
    [4, 5, 6, 7],
  )
