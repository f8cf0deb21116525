import { userInfo } from 'node:os'
import { CodedError, pairs } from '@barograph/proto'
import type { Command } from 'commander'
import { formatTime } from '../core/iso-time.ts'
import {
  extentOf,
  findWaiting,
  releaseRecords,
  releasesOf,
  type Selection,
  timesOf,
  type Waiting,
} from '../core/quarantine.ts'
import type { Store } from '../core/store.ts'
import { createOpeners, type Openers } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf, numberOption } from './context.ts'
import { writeLines } from './output.ts'

interface Options {
  readonly list?: true
  readonly all?: true
  readonly dryRun?: true
  readonly device?: string
  readonly sensor?: string
  readonly epoch?: string
  readonly reason?: string
  readonly from?: string
  readonly to?: string
  readonly by?: string
  readonly why?: string
}

/** Records of one append; with more the others go behind them. */
const recordsPerAppend = 64
const shownRanges = 4

export function addReleaseCommand(program: Command): void {
  program
    .command('release')
    .description(
      'let quarantined entries count: those of the future, or of an uncertain clock. Beside a running collector too; it takes effect when the roll has come to it',
    )
    .option('--list', 'only show what waits, with reasons, counts and times')
    .option('--device <id>', 'of this device')
    .option('--sensor <id>', 'of sensors with this id')
    .option('--reason <words>', 'quarantined for this reason, as --list shows it')
    .option('--epoch <id>', 'of this run of the agent')
    .option('--from <number>', 'from this sequence number on')
    .option('--to <number>', 'up to this sequence number')
    .option('--all', 'everything, where nothing else is said')
    .option('--by <name>', 'who releases (default: the user of this machine)')
    .option('--why <words>', 'why it is right to')
    .option('--dry-run', 'show what would be released, and leave it')
    .addHelpText(
      'after',
      examplesOf(
        'release --list',
        'release --device balcony --reason "in the future" --why "the collector\'s clock was slow"',
        'release --device balcony --epoch 52b6e8a1c09d4f37 --from 17 --to 90 --dry-run',
      ),
    )
    .action(async (options: Options, command: Command) => {
      const common = commonOptions(command)
      const openers = createOpeners(configOf(common))
      const selection = selectionOf(options)
      const store = await openers.readStore()
      try {
        if (options.list) await list(store, selection, common.json)
        else await release(openers, store, selection, options, common.json)
      } finally {
        await store.close()
      }
    })
}

function selectionOf({ list, all, device, sensor, epoch, reason, from, to }: Options): Selection {
  const numbers = {
    ...(from === undefined ? {} : { firstSeq: numberOption('--from', from, 1, 2 ** 48 - 1) }),
    ...(to === undefined ? {} : { lastSeq: numberOption('--to', to, 1, 2 ** 48 - 1) }),
  }
  const selection = { device, sensor, epoch, reason, ...numbers }
  if (!list && !all && Object.values(selection).every((value) => value === undefined))
    throw new CodedError('bad-usage', 'release does not know what to release.', {
      hint: 'Name a device, a sensor, a reason or an epoch, or say --all; release --list shows what waits.',
    })
  if (('firstSeq' in numbers || 'lastSeq' in numbers) && epoch === undefined)
    throw new CodedError('bad-usage', '--from and --to are numbers of one epoch.', {
      hint: 'Say which with --epoch; release --list shows them.',
    })
  return selection
}

async function list(store: Store, selection: Selection, json: boolean): Promise<void> {
  let isEmpty = true
  for await (const waiting of findWaiting(store, selection)) {
    isEmpty = false
    if (
      !(await writeLines([
        json ? JSON.stringify(await viewOf(store, waiting)) : await lineOf(store, waiting),
      ]))
    )
      return
  }
  if (isEmpty && !json) await writeLines(['Nothing waits for release.'])
}

async function viewOf(store: Store, waiting: Waiting): Promise<object> {
  const { numbers, ...rest } = waiting
  const { first, last } = await timesOf(store, waiting)
  return {
    ...rest,
    count: extentOf([waiting]).count,
    ranges: [...pairs(numbers)].map(([firstSeq, lastSeq]) => ({ firstSeq, lastSeq })),
    firstTime: first === null ? null : formatTime(first),
    lastTime: last === null ? null : formatTime(last),
  }
}

async function lineOf(store: Store, waiting: Waiting): Promise<string> {
  const { device, sensor, epoch, reason, numbers } = waiting
  const { first, last } = await timesOf(store, waiting)
  const ranges = [...pairs(numbers)].map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
  const more = ranges.length > shownRanges ? ` and ${ranges.length - shownRanges} more ranges` : ''
  const times = [first, last].map((time) => (time === null ? 'not there any more' : formatTime(time)))
  return `${device}/${sensor}  ${reason}  ${extentOf([waiting]).count} entries  ${times.join(' to ')}  epoch ${epoch}  ${ranges.slice(0, shownRanges).join(', ')}${more}`
}

async function release(
  openers: Openers,
  store: Store,
  selection: Selection,
  { dryRun, by, why }: Options,
  json: boolean,
): Promise<void> {
  const order = { by: by ?? userInfo().username, why: why ?? '' }
  const waiting: Waiting[] = []
  for await (const one of findWaiting(store, selection)) waiting.push(one)
  const releases = releasesOf(waiting, order)
  let records = 0
  if (!dryRun && releases.length > 0) {
    const log = await openers.log()
    try {
      for (let i = 0; i < releases.length; i += recordsPerAppend) {
        const some = releases.slice(i, i + recordsPerAppend)
        records += (await log.append(releaseRecords(some, systemClock.now()))).length
      }
    } finally {
      await log.close()
    }
  }
  const { count } = extentOf(waiting)
  if (json) {
    await writeLines([JSON.stringify({ released: count, records, dryRun: dryRun ?? false, ...order })])
    return
  }
  const lines = await Promise.all(waiting.map((one) => lineOf(store, one)))
  const words = dryRun
    ? `${count} entries would be released`
    : `${count} entries released, in ${records} ${records === 1 ? 'record' : 'records'} of the log`
  await writeLines(count === 0 ? ['Nothing of that waits for release.'] : [...lines, words])
}
