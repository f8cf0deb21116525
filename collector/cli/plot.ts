import { resolve } from 'node:path'
import { CodedError, fromThousandths } from '@barograph/proto'
import { type Command, Option } from 'commander'
import { levels } from '../core/documents.ts'
import { formatTime } from '../core/iso-time.ts'
import { drawPlot } from '../core/plot/draw.ts'
import { type PlotData, readPlot } from '../core/plot/read.ts'
import {
  numbersOf,
  plotLimits,
  type PlotRequest,
  plotsOf,
  type PlotTime,
  plotThemes,
  plotTimeOf,
} from '../core/plot/request.ts'
import { remarksOf } from '../core/plot/words.ts'
import { writeAtomically } from '../files/atomic-file.ts'
import { createOpeners } from '../roles/open.ts'
import { commonOptions, configOf, examplesOf, wordOption } from './context.ts'
import { writeLines } from './output.ts'

interface PlotOptions {
  readonly out: string
  readonly metric: string
  readonly device?: string
  readonly of?: string
  readonly level?: string
  readonly from?: string
  readonly to?: string
  readonly months?: string
  readonly years?: string
  readonly theme: string
  readonly band: boolean
  readonly title?: string
}

const details = `
The file needs no script, no font and nothing from elsewhere: put it into a README or a wiki. The same data give the same
bytes. What is drawn is what the store holds of windows; a level with more than ${plotLimits.windows} windows is drawn as the next
longer one, and the picture says so. GET /api/v1/plots/METRIC.svg answers the same (docs/statistics.md).`

/** Adds `plot`: windows of a metric as SVG. */
export function addPlotCommand(program: Command): void {
  program
    .command('plot')
    .description('draw a metric of one or several devices as SVG')
    .requiredOption('--out <file>', 'where to write it, as in july.svg')
    .option('--metric <name>', 'which metric', 'temperature')
    .option(
      '--device <list>',
      `at most ${plotLimits.devices}, as in home,attic (default: those that have the metric)`,
    )
    .option('--of <what>', `${plotsOf.join(', ')} (default: mean, of a total sum)`)
    .option('--level <level>', `${levels.join(', ')} (default: the finest that can be told apart)`)
    .option('--from <time>', 'a date at the site, or a time with its zone (default: all there is)')
    .option('--to <time>', 'the time behind the last')
    .option('--months <list>', 'only these months, as in 6,7,8')
    .option('--years <list>', 'only these years, as in 2013,2014')
    .option('--title <text>', 'instead of the metric and where it was measured')
    .option('--theme <theme>', `${plotThemes.join(', ')}; auto follows the reader`, 'auto')
    .addOption(new Option('--no-band', 'without the band from the lowest to the highest'))
    .addHelpText(
      'after',
      `${examplesOf(
        'plot --out temperature.svg',
        'plot --metric temperature --of daily-max --level month --years 2013 --out maxima.svg',
        'plot --device home,attic --metric humidity --from 2026-03-01 --to 2026-04-01 --out march.svg',
        'plot --metric precipitation --level month --theme dark --out rain.svg',
      )}\n${details}`,
    )
    .action(async (options: PlotOptions, command: Command) => plot(options, command))
}

async function plot(options: PlotOptions, command: Command): Promise<void> {
  const { json, ...common } = commonOptions(command)
  const request = requestOf(options)
  const store = await createOpeners(configOf({ json, ...common })).readStore()
  try {
    const pause = (): Promise<void> => new Promise((next) => setImmediate(next))
    const data = await readPlot(store, request, pause)
    await writeAtomically(resolve(options.out), drawPlot(data, request))
    const points = data.series.reduce((sum, series) => sum + series.points.length, 0)
    await writeLines(
      json
        ? [JSON.stringify(viewOf(data))]
        : [
            `${options.out}: ${points} ${points === 1 ? 'window' : 'windows'} of ${data.series.map(({ device }) => device).join(', ')}`,
          ],
    )
    for (const remark of remarksOf(data)) process.stderr.write(`barograph-collector: ${remark}\n`)
  } finally {
    await store.close()
  }
}

/** What was drawn, for programs. */
function viewOf({ metric, of, level, series }: PlotData): object {
  const value = (thousandths: number | null) => (thousandths === null ? null : fromThousandths(thousandths))
  return {
    metric: metric.name,
    unit: metric.unit,
    of,
    level,
    series: series.map(({ device, sensor, points }) => ({
      device,
      sensor,
      points: points.map((point) => ({
        start: formatTime(point.start),
        end: formatTime(point.end),
        value: value(point.value),
        low: value(point.low),
        high: value(point.high),
        count: point.count,
      })),
    })),
  }
}

function requestOf(options: PlotOptions): PlotRequest {
  const { metric, device, of, level, from, to, months, years, theme, band, title } = options
  if (title !== undefined && title.length > plotLimits.titleCharacters)
    throw badUsage('--title is too long.', `at most ${plotLimits.titleCharacters} characters`)
  return {
    metric,
    devices: device === undefined ? null : [...new Set(device.split(',').map((word) => word.trim()))],
    of: of === undefined ? null : wordOption('--of', of, plotsOf),
    level: level === undefined ? null : wordOption('--level', level, levels),
    from: from === undefined ? null : timeOf('--from', from),
    to: to === undefined ? null : timeOf('--to', to),
    months: months === undefined ? null : numbersOf('--months', months, 1, 12),
    years: years === undefined ? null : numbersOf('--years', years, 1, 9_999),
    theme: wordOption('--theme', theme, plotThemes),
    band,
    title: title ?? null,
  }
}

function timeOf(name: string, text: string): PlotTime {
  const time = plotTimeOf(text)
  if (time !== null) return time
  throw badUsage(
    `${name} ${text} is not understood.`,
    'a date at the site, or a time with its zone: 2013-03-10, 2013-03-10T05:00:00Z',
  )
}

const badUsage = (message: string, allowed: string): CodedError =>
  new CodedError('bad-usage', message, { hint: `Allowed: ${allowed}` })
