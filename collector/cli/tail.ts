import { CodedError, isId } from '@barograph/proto'
import type { Command } from 'commander'
import type { Log } from '../core/log.ts'
import { createOpeners } from '../roles/open.ts'
import { commonOptions, configOf, examplesOf, partitionsOf } from './context.ts'
import { writeLines } from './output.ts'
import { recordLines } from './record-lines.ts'

interface TailOptions {
  readonly partitions?: string
  readonly device?: string
  readonly from: string
  readonly follow: boolean
}

const recordsPerRead = 256
const idleMs = 1_000

export function addTailCommand(program: Command): void {
  program
    .command('tail')
    .description('print readings as they reach the log, one JSON line each; disturbs nobody')
    .option('--partitions <list>', 'only these partitions, as in 0,2 (default: all)')
    .option('--device <id>', 'only this device')
    .option('--from <where>', 'beginning, latest, or an offset', 'latest')
    .option('--no-follow', 'end when all is printed, instead of waiting for more')
    .addHelpText(
      'after',
      examplesOf(
        'tail --device balcony',
        'tail --from beginning --no-follow > readings.jsonl',
        'tail --partitions 0,2 --from 1200',
      ),
    )
    .action(async (options: TailOptions, command: Command) => {
      const openers = createOpeners(configOf(commonOptions(command)))
      const log = await openers.readLog()
      try {
        await tail(log, options)
      } finally {
        await log.close()
      }
    })
}

async function tail(log: Log, { partitions, device, from, follow }: TailOptions): Promise<void> {
  const chosen = choosePartitions(partitions, device, log)
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  await Promise.all(
    chosen.map(async (partition) => {
      const { first, next } = await log.extent(partition)
      const start = from === 'beginning' ? first : from === 'latest' ? next : offsetOf(from)
      for await (const records of readOn(
        log,
        partition,
        { start, end: follow ? null : next },
        ending.signal,
      )) {
        const wanted = device === undefined ? records : records.filter((record) => record.device === device)
        if (!(await writeLines(wanted.flatMap(recordLines)))) ending.abort()
      }
    }),
  )
}

function offsetOf(from: string): number {
  if (/^\d{1,15}$/.test(from)) return Number(from)
  throw new CodedError('bad-usage', `--from ${from} is not allowed.`, {
    hint: 'Allowed: beginning, latest, or the offset of a record, as in --from 1200',
  })
}

/** Records from `start` on: up to `end`, or as they come. */
async function* readOn(
  log: Log,
  partition: number,
  { start, end }: { start: number; end: number | null },
  signal: AbortSignal,
): ReturnType<Log['follow']> {
  if (end === null) return yield* log.follow(partition, start, { signal, idleMs, limit: recordsPerRead })
  for (let at = start; at < end && !signal.aborted; ) {
    const records = await log.read(partition, at, Math.min(recordsPerRead, end - at))
    const last = records.at(-1)
    if (!last) return
    at = last.offset + 1
    yield records
  }
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
