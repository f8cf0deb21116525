import { CodedError } from '@barograph/proto'
import type { Command } from 'commander'
import type { DeviceDocument, EpochDocument } from '../core/documents.ts'
import { formatTime } from '../core/iso-time.ts'
import type { Store } from '../core/store.ts'
import { createOpeners } from '../roles/open.ts'
import { causeWords, gapsOf } from '../serve/views/gaps.ts'
import { commonOptions, configOf, examplesOf } from './context.ts'
import { writeLines } from './output.ts'

interface GapsOptions {
  readonly device?: string
  readonly healed: boolean
}

const details = `
A gap is a range of missing numbers: one beyond them has come, was declared, or is the last of its run. What a device
accepted and nobody has sent a number beyond of is on its way, and no gap.`

/** Adds `gaps`: what is missing, since when and why. */
export function addGapsCommand(program: Command): void {
  program
    .command('gaps')
    .description('missing numbers with their causes, beside the running collector')
    .option('--device <id>', 'only of this device')
    .option('--healed', 'also those that healed, as far as they are remembered', false)
    .addHelpText(
      'after',
      `${examplesOf('gaps', 'gaps --device balcony --healed', 'gaps --json')}\n${details}`,
    )
    .action(async (options: GapsOptions, command: Command) => {
      const { json } = commonOptions(command)
      const store = await createOpeners(configOf(commonOptions(command))).readStore()
      try {
        await list(store, options, json)
      } finally {
        await store.close()
      }
    })
}

async function list(store: Store, { device: id, healed }: GapsOptions, json: boolean): Promise<void> {
  const all = await store.devices()
  const devices = id === undefined ? all : all.filter(({ device }) => device === id)
  if (id !== undefined && devices.length === 0)
    throw new CodedError('unknown-device', `There is no device ${id}.`, {
      hint:
        all.length === 0
          ? 'none has been heard of yet'
          : `there are: ${all.map(({ device }) => device).join(', ')}`,
    })
  let isEmpty = true
  for (const device of devices)
    for (const epoch of await store.epochs(device.device)) {
      const rows = [...openRows(epoch, device), ...(healed ? healedRows(epoch) : [])]
      if (rows.length > 0) isEmpty = false
      if (!(await writeLines(rows.map((row) => (json ? JSON.stringify(row) : lineOf(row)))))) return
    }
  if (isEmpty && !json) await writeLines([healed ? 'No gap, and none healed.' : 'No gap.'])
}

interface Row {
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly firstSeq: number
  readonly lastSeq: number
  readonly words: string
  readonly since: string | null
  readonly healedAt: string | null
}

function openRows(epoch: EpochDocument, device: DeviceDocument): Row[] {
  return gapsOf(epoch, device)
    .filter(({ isAhead }) => !isAhead)
    .toReversed()
    .map((gap) => ({
      ...namesOf(epoch),
      firstSeq: gap.first,
      lastSeq: gap.last,
      words: causeWords(gap, device.online),
      since: gap.since === null ? null : formatTime(gap.since),
      healedAt: null,
    }))
}

function healedRows(epoch: EpochDocument): Row[] {
  return (epoch.gaps ?? []).flatMap(({ first, last, since, healed }) =>
    healed === null
      ? []
      : {
          ...namesOf(epoch),
          firstSeq: first,
          lastSeq: last,
          words: 'healed',
          since: formatTime(since),
          healedAt: formatTime(healed),
        },
  )
}

const namesOf = ({ device, sensor, epoch }: EpochDocument) => ({ device, sensor, epoch })

function lineOf({ device, sensor, epoch, firstSeq, lastSeq, words, since, healedAt }: Row): string {
  const count = lastSeq - firstSeq + 1
  const range = firstSeq === lastSeq ? String(firstSeq) : `${firstSeq} to ${lastSeq}`
  const times = [since && `since ${since}`, healedAt && `healed ${healedAt}`].filter(Boolean).join(', ')
  return [`${device}/${sensor}`, epoch, `${range} (${count})`, words, times].filter(Boolean).join('  ')
}
