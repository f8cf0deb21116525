import { CodedError, isId } from '@barograph/proto'
import { parseDuration } from '@barograph/proto/config'
import { type Command, InvalidArgumentError } from 'commander'
import type { Log, LogRecord } from '../core/log.ts'
import { stretchesOf, tail, type TailFrom } from '../core/tailing.ts'
import { createOpeners } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf, numberOption, partitionsOf } from './context.ts'
import { writeLines } from './output.ts'
import { humanLines, recordLines } from './record-lines.ts'

interface TailOptions {
  readonly partitions?: string
  readonly device?: string
  readonly from: TailFrom
  readonly follow: boolean
  readonly limit?: number
  readonly for?: number
  readonly human?: true
}

/** A timer holds no more than this. */
const longestForMs = 24 * 86_400_000

const details = `
Each line: device, sensor, time, values in the metric's unit (or kind, code and detail of a fault, a start or a stop),
flags, quarantined, partition, offset, epoch and seq. Notes go to standard error.

It reads beside running collectors: it joins no group, takes no lock and moves no position. Through a restart of Kafka it
waits; records that retention drops before they were read are named. Ctrl-C ends it.`

export function addTailCommand(program: Command): void {
  program
    .command('tail')
    .description('print readings as they reach the log, one JSON line each; disturbs nobody')
    .option('--partitions <list>', 'only these partitions, as in 0,2 (default: all)')
    .option('--device <id>', 'only this device')
    .option('--from <where>', 'beginning, latest, or the offset of a record', fromOption, 'latest')
    .option('--no-follow', 'end when all is printed, instead of waiting for more')
    .option('--limit <count>', 'end after so many readings', (text) =>
      numberOption('--limit', text, 1, Number.MAX_SAFE_INTEGER),
    )
    .option('--for <duration>', 'end after it, such as 30s or 5m', durationOption)
    .option('--human', 'lines for people, with units, in place of JSON')
    .addHelpText(
      'after',
      `${examplesOf(
        'tail --device balcony --human',
        'tail --from beginning --no-follow > readings.jsonl',
        'tail --partitions 0,2 --for 30s',
        'tail --partitions 2 --from 1200 --limit 10',
      )}\n${details}`,
    )
    .action(async (options: TailOptions, command: Command) => {
      const openers = createOpeners(configOf(commonOptions(command)))
      const log = await openers.readLog()
      try {
        await tailChosen(log, options)
      } finally {
        await log.close()
      }
    })
}

async function tailChosen(log: Log, options: TailOptions): Promise<void> {
  const { from, follow, limit = Number.POSITIVE_INFINITY, device } = options
  const chosen = choosePartitions(options.partitions, device, log)
  const stretches = await stretchesOf(log, chosen, from, follow)
  const ending = new AbortController()
  const end = (): void => ending.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const timer = options.for === undefined ? null : setTimeout(end, options.for)
  const linesOf = options.human ? humanLines : recordLines
  let left = limit
  /** What is in a partition comes in its order; partitions take turns. */
  async function take(records: readonly LogRecord[]): Promise<void> {
    const wanted = device === undefined ? records : records.filter((record) => record.device === device)
    const lines = wanted.flatMap(linesOf).slice(0, left)
    left -= lines.length
    if (!(await writeLines(lines)) || left <= 0) end()
  }
  const say = (words: string): void => void process.stderr.write(`barograph-collector: ${words}\n`)
  try {
    await Promise.all(
      stretches.map((stretch) =>
        tail({ log, stretch, clock: systemClock, signal: ending.signal, take, say }).catch(
          (error: unknown) => {
            // The others need not go on where one cannot.
            end()
            throw error
          },
        ),
      ),
    )
  } finally {
    if (timer) clearTimeout(timer)
  }
}

function fromOption(text: string): TailFrom {
  if (text === 'beginning' || text === 'latest') return text
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new CodedError('bad-usage', `--from ${text} is not allowed.`, {
    hint: 'Allowed: beginning, latest, or the offset of a record, as in --from 1200',
  })
}

function durationOption(text: string): number {
  const ms = parseDuration(text)
  if (ms !== null && ms > 0 && ms <= longestForMs) return ms
  throw new InvalidArgumentError('Allowed: a duration such as 500ms, 30s, 5m or 2h, up to 24d.')
}

function choosePartitions(list: string | undefined, device: string | undefined, log: Log): number[] {
  const count = log.partitions
  const named =
    list === undefined
      ? Array.from({ length: count }, (_, partition) => partition)
      : partitionsOf(list, count)
  if (device === undefined) return named
  if (!isId(device))
    throw new CodedError('bad-usage', `--device ${device} is no device id.`, {
      hint: 'Allowed: small letters, digits and hyphens, 1 to 63 of them',
    })
  const own = log.partitionOf(device)
  if (!named.includes(own))
    throw new CodedError(
      'bad-usage',
      `--partitions ${list ?? ''}: device ${device} is in partition ${own}.`,
      {
        hint: 'Leave out --partitions.',
      },
    )
  return [own]
}
