import { createHash } from 'node:crypto'
import { CodedError } from '@barograph/proto'
import type { Command } from 'commander'
import { createProgressLine, type ProgressLine } from './progress-line.ts'
import { withoutPassword } from '../config/index.ts'
import { copyLog, type LogCopyOutcome } from '../core/copy/log.ts'
import { copyStore, type StoreCopyOutcome } from '../core/copy/store.ts'
import { toLog } from '../core/copy/to-log.ts'
import {
  type CopyPlace,
  copyPlaces,
  openLogSource,
  openLogTarget,
  openStoreSource,
  openStoreTarget,
} from '../roles/copies.ts'
import { createOpeners } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf, numberOption } from './context.ts'
import { writeLines } from './output.ts'

interface CopyFlags {
  readonly from: string
  readonly to: string
  readonly newLog?: true
  readonly partitions?: string
}

const details = `
Copies a store with all it holds: readings, windows, epochs, streams, devices with their sites, settings, gaps, and how
far it is folded; or a log with all its records and dead letters. Everything is read once more at the end and compared. Broken off at any moment, also by kill -9, it
goes on where it was when it is run again; until it has ended, a collector refuses to start on the copy. Only what is
missing is written; the place that is copied from is not changed.

What has to be stopped:
  A store in a file is copied as of one moment, whatever its collector does meanwhile. What that one stores after this
  moment is not in the copy: the log brings it, if the copy goes on with the same log.
  A store in MongoDB is not copied while a collector rolls into it. Bridges may go on: the log keeps what comes.
  A log may be copied while it is written to, but the copy ends only when nothing comes any more: run it once before
  you stop the collectors, and once after.
  --new-log: stop the whole collector first, with SIGTERM. What was not stored, agents keep and send again.

A copied log has another identity and, with --partitions, another number of partitions: the store has to go over to it.
With as many partitions as before: "rebuild --new-log". With others, or to move the store as well: copy it --new-log.
What the log holds is folded once more then, and nothing twice: readings have identities.

--new-log copies the store for the log that the configuration names (log.url, log.topicPrefix, log.partitions), which may
have another number of partitions: history and "exactly once" are kept. The log is made when it is not there yet.

Exit codes: 0 done, 1 failed (run it again), 2 wrong usage, configuration or place.`

/** Adds `copy`: from one store or log to another. */
export function addCopyCommand(program: Command): void {
  program
    .command('copy')
    .description('copy a store or a log to another place or engine; it can be broken off and run again')
    .requiredOption(
      '--from <url>',
      'sqlite:PATH, mongodb://HOST:PORT/DATABASE, kafka://HOST:PORT or kafka://HOST:PORT/TOPIC-PREFIX',
    )
    .requiredOption('--to <url>', 'the same; nothing may be there')
    .option('--partitions <count>', 'of a log that is made (default: as many as it has)')
    .option('--new-log', 'a store: for the log that the configuration names, in place of the one before')
    .addHelpText(
      'after',
      `${examplesOf(
        'copy --from sqlite:data/store.db --to mongodb://127.0.0.1:27017/barograph',
        'copy --from mongodb://127.0.0.1:27017/barograph --to sqlite:backup/store.db',
        'copy --from sqlite:data/log.db --to kafka://127.0.0.1:9092 --partitions 12',
        'copy --from kafka://127.0.0.1:9092/barograph --to kafka://127.0.0.1:9092/wider --partitions 12',
        'copy --from sqlite:data/store.db --to sqlite:data/store-12.db --new-log --config twelve.yaml',
      )}\n${details}`,
    )
    .action(async (flags: CopyFlags, command: Command) => {
      const { from, to } = copyPlaces(flags.from, flags.to, process.cwd())
      const ending = new AbortController()
      const stop = (): void =>
        ending.abort(
          new CodedError('copy-stopped', 'The copy was broken off.', {
            retryable: true,
            hint: 'Run it again: it goes on where it was.',
          }),
        )
      process.once('SIGINT', stop)
      process.once('SIGTERM', stop)
      const { json } = commonOptions(command)
      const line = createProgressLine(!json)
      try {
        const copying = { from, to, flags, command, signal: ending.signal, line }
        await (from.kind === 'store' ? copyOneStore(copying) : copyOneLog(copying))
      } finally {
        line.clear()
        process.off('SIGINT', stop)
        process.off('SIGTERM', stop)
      }
    })
}

interface Copying {
  readonly from: CopyPlace
  readonly to: CopyPlace
  readonly flags: CopyFlags
  readonly command: Command
  readonly signal: AbortSignal
  readonly line: ProgressLine
}

async function copyOneLog({ from, to, flags, command, signal, line }: Copying): Promise<void> {
  const common = commonOptions(command)
  if (flags.newLog)
    throw new CodedError('bad-usage', '--new-log is for stores.', {
      hint: 'A copied log is always a new one.',
    })
  const { log: config } = configOf(common)
  const source = await openLogSource(from, config)
  try {
    const partitions =
      flags.partitions === undefined
        ? source.log.partitions
        : numberOption('--partitions', flags.partitions, 1, mostLogPartitions)
    const target = await openLogTarget(to, config, partitions)
    try {
      const outcome = await copyLog({
        source,
        target,
        hash: hashOf,
        signal,
        progress: ({ step, records, ofRecords }) => line.show(step, `${step} records`, records, ofRecords),
      })
      line.clear()
      await writeLines(
        common.json
          ? [JSON.stringify({ from: withoutPassword(from.url), to: withoutPassword(to.url), ...outcome })]
          : logWords(to, outcome),
      )
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** As many as log.partitions may say. */
const mostLogPartitions = 256

const hashOf = (text: string, bytes: Uint8Array): string =>
  createHash('sha256').update(text).update(bytes).digest('hex').slice(0, 32)

function logWords(
  { url }: CopyPlace,
  { state, id, partitions, records, repeated, skipped, letters }: LogCopyOutcome,
): string[] {
  const words = (count: number, text: string): string[] =>
    count > 0 ? [`${count.toLocaleString('en-US')} ${text}`] : []
  const notes = [
    ...words(repeated, 'of them twice, which counts once'),
    ...words(skipped, 'left out, which are none of ours'),
  ]
  const note = notes.length > 0 ? ` (${notes.join('; ')})` : ''
  return [
    `${state === 'copied' ? 'copied' : 'was copied before'}, and each compared: ${records.toLocaleString('en-US')} records in ${partitions} partitions${note}, ${letters.toLocaleString('en-US')} dead letters`,
    `It is the log ${id}. To use it: log.url: ${withoutPassword(url)}, log.partitions: ${partitions}. The store goes over to it by "barograph-collector rebuild --new-log", or, with another number of partitions, by "copy --new-log".`,
  ]
}

async function copyOneStore({ from, to, flags, command, signal, line }: Copying): Promise<void> {
  const { json } = commonOptions(command)
  if (flags.partitions !== undefined)
    throw new CodedError('bad-usage', '--partitions is for logs.', {
      hint: 'A store takes the number from its log: copy it --new-log, with that log in the configuration.',
    })
  const source = await openStoreSource(from)
  try {
    const target = await openStoreTarget(to)
    try {
      const outcome = await copyStore({
        source: flags.newLog ? await forNewLog(source, command) : source,
        target,
        clock: systemClock,
        signal,
        progress: ({ step, collection, documents, ofDocuments }) =>
          line.show(step, `${step} ${collection}`, documents, ofDocuments),
      })
      line.clear()
      const wentOn = await hasGoneOn(from, outcome, flags)
      await writeLines(
        json
          ? [
              JSON.stringify({
                from: withoutPassword(from.url),
                to: withoutPassword(to.url),
                ...outcome,
                wentOn,
              }),
            ]
          : wordsOf(to, outcome, wentOn),
      )
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

async function forNewLog(
  source: Awaited<ReturnType<typeof openStoreSource>>,
  command: Command,
): Promise<typeof source> {
  const log = await createOpeners(configOf(commonOptions(command))).log()
  try {
    return await toLog(source, log)
  } finally {
    await log.close()
  }
}

/** Was the source written to since the moment that the copy is of? */
async function hasGoneOn(
  from: CopyPlace,
  { checkpoints }: StoreCopyOutcome,
  { newLog }: CopyFlags,
): Promise<boolean> {
  if (newLog) return false
  const now = await openStoreSource(from)
  try {
    const { checkpoints: since } = await now.state()
    return (
      JSON.stringify(since.map(({ position }) => position)) !==
      JSON.stringify(checkpoints.map(({ position }) => position))
    )
  } finally {
    await now.close()
  }
}

function wordsOf(
  { url }: CopyPlace,
  { state, documents, checkpoints }: StoreCopyOutcome,
  wentOn: boolean,
): string[] {
  const all = Object.values(documents).reduce((a, b) => a + b, 0)
  const each = Object.entries(documents).map(([name, count]) => `${name} ${count.toLocaleString('en-US')}`)
  return [
    `${state === 'copied' ? 'copied' : 'was copied before'}, and each compared: ${all.toLocaleString('en-US')} documents (${each.join(', ')})`,
    ...checkpoints.map(
      ({ partition, position, logId }) =>
        `partition ${partition}: folded up to record ${position.n} of the log ${logId} (generation ${position.g})`,
    ),
    ...(wentOn
      ? [
          'The collector has stored more since. Start on the copy only with the same log, which brings that; or stop the collector and copy to a fresh place.',
        ]
      : []),
    `To use it: store.url: ${withoutPassword(url)}. To look through it: barograph-collector audit --store ${url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : withoutPassword(url)}`,
  ]
}
