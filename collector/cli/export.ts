import { once } from 'node:events'
import { basename, dirname, extname, resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import type { Command } from 'commander'
import {
  badExport,
  type ExportFormat,
  exportFormats,
  exportLevels,
  type ExportRequest,
  exportTimeOf,
  namesOf,
} from '../core/export/request.ts'
import { type Export, readExport } from '../core/export/read.ts'
import type { Chunk, CreateEncoder } from '../core/export/table.ts'
import { createCsv, createJsonLines } from '../core/export/text.ts'
import { prepareFolder, writeAtomically } from '../files/atomic-file.ts'
import { createParquet, rowsPerGroup } from '../files/parquet.ts'
import { createOpeners } from '../roles/open.ts'
import { systemClock } from '../system-clock.ts'
import { commonOptions, configOf, examplesOf, wordOption } from './context.ts'
import { createProgressLine } from './progress-line.ts'

interface ExportOptions {
  readonly out: string
  readonly level: string
  readonly format?: string
  readonly device?: string
  readonly sensor?: string
  readonly metric?: string
  readonly from?: string
  readonly to?: string
}

const details = `
Rows come by device and sensor, then by time. Raw readings have a column for each metric and one for its flag; windows have a
row for each metric. Columns, types and units: docs/files.md. However many rows there are, few are in memory at a time; the
collector may run meanwhile. The file appears when it is whole: broken off, the one before is still there. GET /api/v1/export answers the same.`

/** Adds `export`: readings or windows as a file. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .description('write readings or windows as CSV, JSON lines or Parquet')
    .requiredOption('--out <file>', 'where to write it, as in march.parquet; - is standard output')
    .option('--level <level>', `${exportLevels.join(', ')}`, 'raw')
    .option('--format <format>', `${exportFormats.join(', ')} (default: as the file's name ends)`)
    .option('--device <list>', 'only these, as in home,attic (default: all)')
    .option('--sensor <list>', 'only these sensors (default: all)')
    .option(
      '--metric <list>',
      'only these, as in temperature,humidity (default: all, and faults, starts and stops)',
    )
    .option('--from <time>', 'a date at the site, or a time with its zone (default: all there is)')
    .option('--to <time>', 'the time behind the last')
    .addHelpText(
      'after',
      `${examplesOf(
        'export --out readings.parquet',
        'export --level day --device home --out days.csv',
        'export --device home,attic --metric temperature --from 2026-03-01 --to 2026-04-01 --out march.jsonl',
        'export --level hour --format csv --out - | gzip > hours.csv.gz',
      )}\n${details}`,
    )
    .action(async (options: ExportOptions, command: Command) => exportRows(options, command))
}

async function exportRows(options: ExportOptions, command: Command): Promise<void> {
  const { json, ...common } = commonOptions(command)
  const request = requestOf(options)
  const format = formatOf(options)
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort())
  const store = await createOpeners(configOf({ json, ...common })).readStore()
  try {
    const data = await readExport(store, request, {
      rowsPerBatch: format === 'parquet' ? rowsPerGroup : textRows,
      pause: () => new Promise((next) => setImmediate(next)),
    })
    const written = { rows: 0, bytes: 0 }
    const begun = performance.now()
    const chunks = chunksOf(data, encoders[format], { json, written, signal: ending.signal })
    const path = options.out === '-' ? null : resolve(options.out)
    if (path === null) await writeOut(chunks)
    else {
      await prepareFolder(dirname(path), [basename(path)], systemClock.now())
      await writeAtomically(path, chunks)
    }
    const seconds = (performance.now() - begun) / 1_000
    const said = json
      ? JSON.stringify({ out: options.out, format, level: request.level, ...written, seconds })
      : `${options.out === '-' ? 'written' : options.out}: ${wordsOf(written, seconds)}`
    // What was asked for goes to standard output, and words about it beside.
    ;(path === null ? process.stderr : process.stdout).write(`${said}\n`)
  } finally {
    await store.close()
  }
}

/** Rows of a piece of text: short enough to be gone soon. */
const textRows = 2_048

const encoders: Readonly<Record<ExportFormat, CreateEncoder>> = {
  csv: createCsv,
  jsonl: createJsonLines,
  parquet: createParquet,
}

interface Written {
  rows: number
  bytes: number
}

const wordsOf = ({ rows, bytes }: Written, seconds: number): string =>
  `${rows.toLocaleString('en-US')} ${rows === 1 ? 'row' : 'rows'}, ${(bytes / 1e6).toFixed(1)} MB, ${Math.round(rows / Math.max(seconds, 0.001)).toLocaleString('en-US')} rows/s`

async function* chunksOf(
  { columns, rows, expected }: Export,
  createEncoder: CreateEncoder,
  { json, written, signal }: { json: boolean; written: Written; signal: AbortSignal },
): AsyncGenerator<Chunk> {
  const encoder = createEncoder(columns)
  const progress = createProgressLine(!json)
  const counted = (chunk: Chunk): Chunk => {
    written.bytes += Buffer.byteLength(chunk)
    return chunk
  }
  try {
    yield counted(encoder.begin())
    for await (const batch of rows) {
      if (signal.aborted)
        throw new CodedError('export-stopped', 'The export was broken off; no file was written.', {
          retryable: true,
        })
      yield counted(encoder.rows(batch))
      written.rows += batch.count
      progress.count('rows', written.rows, expected)
    }
    yield counted(encoder.end())
  } finally {
    progress.clear()
  }
}

/** To standard output, no faster than it is taken; nobody reading any more (`| head`) is no failure. */
async function writeOut(chunks: AsyncIterable<Chunk>): Promise<void> {
  let isOpen = true
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    isOpen = false
  })
  for await (const chunk of chunks) {
    if (!isOpen) return
    if (chunk.length > 0 && !process.stdout.write(chunk))
      await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')])
  }
}

function requestOf({ level, device, sensor, metric, from, to }: ExportOptions): ExportRequest {
  const listOf = (name: string, text: string | undefined): string[] | null => {
    if (text === undefined) return null
    const names = namesOf(text)
    if (names.length > 0) return names
    throw new CodedError('bad-usage', `${name} names nothing.`, {
      hint: 'Allowed: one or several, with commas between',
    })
  }
  const timeOf = (name: string, text: string | undefined): ExportRequest['from'] => {
    const time = text === undefined ? null : exportTimeOf(text)
    if (text === undefined || time !== null) return time
    throw new CodedError('bad-usage', `${name} ${text} is not understood.`, {
      hint: 'Allowed: a date at the site, or a time with its zone: 2013-03-10, 2013-03-10T05:00:00Z',
    })
  }
  return {
    level: wordOption('--level', level, exportLevels),
    devices: listOf('--device', device),
    sensors: listOf('--sensor', sensor),
    metrics: listOf('--metric', metric),
    from: timeOf('--from', from),
    to: timeOf('--to', to),
  }
}

function formatOf({ format, out }: ExportOptions): ExportFormat {
  if (format !== undefined) return wordOption('--format', format, exportFormats)
  const found = exportFormats.find((one) => `.${one}` === extname(out).toLowerCase())
  if (found) return found
  throw badExport(
    `The name ${out} does not tell which format is wanted.`,
    `--format ${exportFormats.join(', ')}, or a name that ends so`,
  )
}
