import { randomUUID } from 'node:crypto'
import { CodedError } from '@barograph/proto'
import type { Command } from 'commander'
import { formatTime } from '../core/iso-time.ts'
import type { Log } from '../core/log.ts'
import type { Difference } from '../core/rebuild/compare.ts'
import { rebuildAll, type RebuildProgress } from '../core/rebuild/rebuild.ts'
import type { DeviceOutcome } from '../core/rebuild/rebuild-device.ts'
import { createOpeners, type Openers } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf } from './context.ts'
import { exitCodes } from './failure.ts'
import { goOver } from './new-log.ts'
import { writeLines } from './output.ts'
import { durationWords } from './progress-line.ts'

interface RebuildFlags {
  readonly device?: string
  readonly dryRun?: boolean
  readonly newLog?: true
}

const details = `
Folds the raw readings into a second set of windows, one device after the other, and puts each set in place of the old
one in one step. It may run while the collector runs: readings go on being stored, and the page shows the old windows
until the new ones hold. Sealed windows, whose readings have expired, stay as they are. Broken off, it has done some
devices and left the others alone; run it again at any time.
The store needs room for one device's windows twice, also with --dry-run.

--new-log: when the collector refuses to start because its log was made anew or cut. Nothing that agents were told to
be stored is lost; what was not stored they send again.

Exit codes: 0 done (with --dry-run: all is equal), 1 failed or something differs, 2 wrong usage or configuration.`

/** Adds `rebuild`: make every window anew from the raw readings. */
export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild')
    .description('make all windows anew from the raw readings, beside the running collector')
    .option('--device <id>', 'only of this device')
    .option('--dry-run', 'only compare, and name the windows that differ')
    .option('--new-log', 'go over to a log that was made anew or cut')
    .addHelpText(
      'after',
      `${examplesOf('rebuild', 'rebuild --device balcony', 'rebuild --dry-run', 'rebuild --new-log')}\n${details}`,
    )
    .action(async (flags: RebuildFlags, command: Command) => {
      const { json } = commonOptions(command)
      const openers = createOpeners(configOf(commonOptions(command)))
      if (flags.newLog && (flags.device !== undefined || flags.dryRun))
        throw new CodedError('bad-usage', '--new-log goes with neither --device nor --dry-run.', {
          hint: 'It takes over all that is stored.',
        })
      // Both refuse with words when there is none yet, instead of making one.
      await (await openers.readStore()).close()
      if (flags.newLog) return goOver(openers, json)
      const log = await openers.readLog()
      await log.close()
      await rebuild(flags, { openers, log, json })
    })
}

async function rebuild(
  { device, dryRun = false }: RebuildFlags,
  { openers, log, json }: { openers: Openers; log: Pick<Log, 'partitionOf'>; json: boolean },
): Promise<void> {
  const store = await openers.store()
  const ending = new AbortController()
  const stop = (): void => ending.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const line = process.stderr.isTTY && !json ? createProgressLine() : null
  let differing = 0
  try {
    for await (const outcome of rebuildAll({
      store,
      log,
      device: device ?? null,
      isDry: dryRun,
      makeToken: randomUUID,
      clock: systemClock,
      signal: ending.signal,
      progress: (progress) => line?.show(progress),
    })) {
      line?.clear()
      differing += outcome.differences.length
      await writeLines(json ? [JSON.stringify(outcome)] : linesOf(outcome))
    }
  } finally {
    line?.clear()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
    await store.close()
  }
  if (differing > 0) process.exitCode = exitCodes.failed
}

function linesOf({ device, state, windows, sealed, differences }: DeviceOutcome): string[] {
  const count = `${windows.toLocaleString('en-US')} windows`
  const kept = sealed > 0 ? `, ${sealed.toLocaleString('en-US')} sealed ones kept as they are` : ''
  switch (state) {
    case 'swapped':
      return [`${device}: ${count} made anew${kept}`]
    case 'overtaken':
      return [`${device}: another rebuild has taken it over`]
    case 'compared':
      if (differences.length === 0) return [`${device}: ${count} equal${kept}`]
      return [
        `${device}: ${differences.length} of ${count} differ${kept}`,
        ...differences.map(differenceWords),
      ]
  }
}

const differenceWords = ({ sensor, level, start, fields }: Difference): string =>
  `  ${sensor} ${level} ${formatTime(start)}: ${fields.join(', ')}`

const redrawMs = 200

function createProgressLine() {
  const startedAt = performance.now()
  let shownAt = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    show({ device, number, devices, buckets, ofBuckets }: RebuildProgress): void {
      const now = performance.now()
      if (now - shownAt < redrawMs) return
      shownAt = now
      isShown = true
      const share = ofBuckets > 0 ? buckets / ofBuckets : 1
      const left = share > 0 ? ((now - startedAt) / 1000) * (1 / share - 1) : null
      const percent = Math.floor(share * 100)
      const wait = left === null ? '' : `, about ${durationWords(left)} left`
      process.stderr.write(`\r\x1b[Krebuilding ${device} (${number} of ${devices}), ${percent} %${wait}`)
    },
    clear(): void {
      if (isShown) process.stderr.write('\r\x1b[K')
      isShown = false
    },
  }
}
