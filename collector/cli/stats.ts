import { resolve } from 'node:path'
import { CodedError, metricByName } from '@barograph/proto'
import { suggest } from '@barograph/proto/config'
import type { ApiPartitionStatistics } from '@barograph/proto/api'
import type { Command } from 'commander'
import { partitionsIn } from '../config/kafka.ts'
import { requireFit } from '../core/statistics/fit.ts'
import { type StatisticsOf, statisticsOf } from '../core/statistics/of.ts'
import { createStatistics } from '../core/statistics/statistics.ts'
import { keepFresh } from '../files/keep-fresh.ts'
import { createStatisticsFiles, fileNameOf } from '../files/statistics-files.ts'
import { createOpeners } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf, partitionsOf } from './context.ts'
import { writeLines } from './output.ts'

interface StatsOptions {
  readonly of?: string
  readonly metric: string
  readonly partitions?: string
  readonly watch: boolean
  readonly out?: string
}

const details = `
Each device counts with the primary sensor of the metric. Sums are exact, averages are rounded once, to three decimals.
The files hold what GET /api/v1/partitions/N/stats answers; a reader sees them whole at any moment (docs/statistics.md).`

/** Adds `stats`: what the days of each device come to, by month, by year and in all. */
export function addStatsCommand(program: Command): void {
  program
    .command('stats')
    .description('count, sum and average of each device by month and year, as partition-N.json')
    .option('--out <folder>', 'write partition-N.json there (default: show a table)')
    .option(
      '--of <what>',
      `${statisticsOf.join(', ')} (default: daily-mean; of a total, as precipitation, daily-sum)`,
    )
    .option('--metric <name>', 'which metric', 'temperature')
    .option('--partitions <list>', 'only these, as in 0,2 (default: all)')
    .option('--watch', 'stay, and write again what changes (every files.everyMs)', false)
    .addHelpText(
      'after',
      `${examplesOf(
        'stats',
        'stats --out stats',
        'stats --of daily-max --metric temperature --partitions 0,2 --out stats --watch',
        'stats --metric precipitation --json',
      )}\n${details}`,
    )
    .action(async (options: StatsOptions, command: Command) => stats(options, command))
}

async function stats(options: StatsOptions, command: Command): Promise<void> {
  const common = commonOptions(command)
  const config = configOf(common)
  const { metric, out, watch } = options
  const of = ofOption(options.of, metric)
  if (watch && out === undefined)
    throw new CodedError('bad-usage', '--watch keeps files fresh, and no folder is named.', {
      hint: 'Add --out FOLDER.',
    })
  const partitions =
    options.partitions === undefined
      ? [...Array.from({ length: partitionsIn(config.log) }).keys()]
      : partitionsOf(options.partitions, partitionsIn(config.log)).sort((a, b) => a - b)
  const store = await createOpeners(config).readStore()
  try {
    const statistics = createStatistics({ store, partitions, metric, of, pause: () => immediate() })
    if (out === undefined) {
      await statistics.refresh()
      const views = partitions.map((partition) => statistics.view(partition))
      await writeLines(common.json ? views.map((view) => JSON.stringify(view)) : tableOf(views))
      return
    }
    const folder = resolve(out)
    const files = await createStatisticsFiles({ folder, statistics, partitions, now: systemClock.now })
    if (watch) await watchFiles(files.update, config.files.everyMs)
    else await sayWritten(await files.update(), partitions)
  } finally {
    await store.close()
  }
}

async function watchFiles(update: () => Promise<readonly number[]>, everyMs: number): Promise<void> {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  let said: string | null = null
  let isFirst = true
  await keepFresh({
    update,
    everyMs,
    clock: systemClock,
    signal: ending.signal,
    report(outcome) {
      if ('trouble' in outcome) {
        if (outcome.trouble !== said) process.stderr.write(`barograph-collector: ${outcome.trouble}\n`)
        said = outcome.trouble
        return
      }
      said = null
      if (isFirst) process.stdout.write('up to date; what changes is written again (Ctrl-C ends it)\n')
      isFirst = false
      if (outcome.written.length > 0)
        process.stdout.write(`${outcome.written.map(fileNameOf).join(', ')} written\n`)
    },
  })
}

const sayWritten = (written: readonly number[], all: readonly number[]): Promise<boolean> =>
  writeLines(
    all.map((partition) => `${fileNameOf(partition)}${written.includes(partition) ? '' : ': nothing new'}`),
  )

function ofOption(word: string | undefined, metric: string): StatisticsOf {
  const kind = metricByName(metric)?.kind
  const of = word === undefined ? undefined : statisticsOf.find((one) => one === word)
  if (word !== undefined && of === undefined) {
    const near = suggest(word, statisticsOf)
    throw new CodedError('bad-usage', `--of ${word} is not known${near ? `; did you mean ${near}?` : '.'}`, {
      hint: `Allowed: ${statisticsOf.join(', ')}`,
    })
  }
  return requireFit(of, metric, kind)
}

function tableOf(views: readonly ApiPartitionStatistics[]): string[] {
  const rows = views.flatMap(({ partition, devices }) =>
    Object.entries(devices).map(([device, { count, sum, avg, unit, start, end }]) => [
      String(partition),
      device,
      String(count),
      JSON.stringify(sum),
      JSON.stringify(avg),
      unit,
      start,
      end,
    ]),
  )
  const [first] = views
  if (rows.length === 0) return [`No device has a ${first?.of ?? ''} of ${first?.metric ?? ''} here.`]
  const head = ['partition', 'device', 'count', 'sum', 'avg', 'unit', 'start', 'end']
  const widths = head.map((word, i) => Math.max(word.length, ...rows.map((row) => row[i]?.length ?? 0)))
  return [head, ...rows].map((row) =>
    row
      .map((word, i) => (i >= 2 && i <= 4 ? word.padStart(widths[i] ?? 0) : word.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
