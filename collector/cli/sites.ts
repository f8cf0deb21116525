import { CodedError, encodeBatch, makeBatch } from '@barograph/proto'
import type { Command } from 'commander'
import type { DeviceDocument, StoredSite } from '../core/documents.ts'
import { formatTime } from '../core/iso-time.ts'
import { sitesToUndo } from '../core/sites.ts'
import { createOpeners } from '../roles/open.ts'
import { commonOptions, configOf, examplesOf } from './context.ts'
import { writeLines } from './output.ts'

const details = `
A site says where a device stands, and by which time zone its windows are cut. A change holds from its valid-from on,
and the collector cuts the windows since then anew by itself. Windows whose readings have expired keep their zone.`

/** Adds `sites`: where a device stood, and how to take back a change that was a mistake. */
export function addSitesCommand(program: Command): void {
  const group = program
    .command('sites')
    .description('where devices stand and stood')
    .addHelpText('after', `${examplesOf('sites list balcony', 'sites undo balcony')}\n${details}`)
  group
    .command('list <device>')
    .description('every site that is known of a device, the newest last')
    .addHelpText('after', examplesOf('sites list balcony', 'sites list balcony --json'))
    .action(async (device: string, _options: object, command: Command) => {
      const { json } = commonOptions(command)
      const { sites } = await readDevice(command, device)
      if (sites.length === 0 && !json)
        await writeLines([`${device}: no site is known; the default time zone holds`])
      else await writeLines(sites.map((site) => (json ? JSON.stringify(site) : lineOf(site))))
    })
  group
    .command('undo <device>')
    .description('take the newest site back: what held before holds again, from where that one began')
    .addHelpText('after', examplesOf('sites undo balcony'))
    .action(async (device: string, _options: object, command: Command) => undo(command, device))
}

async function readDevice(command: Command, device: string): Promise<DeviceDocument> {
  const store = await createOpeners(configOf(commonOptions(command))).readStore()
  try {
    const [document] = await store.read('devices', [device])
    if (document) return document
    throw new CodedError('no-such-device', `Nothing is stored of a device ${device}.`, {
      hint: 'See /api/v1/devices for those there are.',
    })
  } finally {
    await store.close()
  }
}

async function undo(command: Command, device: string): Promise<void> {
  const { sites } = await readDevice(command, device)
  const last = sites[sites.length - 1]
  const again = sitesToUndo(sites)
  if (!last || again.length === 0)
    throw new CodedError('nothing-to-undo', `${device} never had another site than the one it has.`, {
      hint: 'Change the site in the configuration of its agent.',
    })
  const openers = createOpeners(configOf(commonOptions(command)))
  // Refuses with words when there is no log yet, instead of making one.
  await (await openers.readLog()).close()
  const log = await openers.log()
  try {
    const records = again.map((site) => ({
      device,
      kind: 'batch' as const,
      ingestMs: Date.now(),
      quarantineAfterMs: null,
      value: encodeBatch(makeBatch(device, { site })),
    }))
    await log.append(records)
  } finally {
    await log.close()
  }
  await writeLines([
    `${device}: "${last.name}" (${last.timeZone}, version ${last.version}) is taken back; from ${timeWords(last.validFrom)} on holds again:`,
    ...again.map((site) => `  ${lineOf(site)}`),
    'The collector cuts the windows since then anew. The agent keeps its site until its configuration says another.',
  ])
}

const lineOf = (site: Omit<StoredSite, 'at'>): string => {
  const place = `${site.latitude}, ${site.longitude}, ${site.altitudeM} m`
  const heldBack = site.heldBack ? '; sealed windows keep the zone of before' : ''
  return `version ${site.version}: ${site.name} (${place}), ${site.timeZone}, from ${timeWords(site.validFrom)}${heldBack}`
}

/** The first site of a device is valid from the beginning. */
const timeWords = (time: number): string => (time <= 0 ? 'the beginning' : formatTime(time))
