import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { CodedError } from '@barograph/proto'
import { type ExportedRow, exportBuffer, reportBuffer } from '../buffer/report.ts'
import { formatTable } from './table.ts'

/** Prints what a buffer holds. */
export function printBuffer(path: string, { json }: { json: boolean }): void {
  const report = reportBuffer(path)
  if (json) {
    console.log(JSON.stringify(report, null, 2))
    return
  }
  const { device, usedBytes, rows, condensed, lost: losses, streams, refused, damagedFiles } = report
  console.log(`${path}: ${rows} rows of ${device}, ${(usedBytes / 2 ** 20).toFixed(1)} MB`)
  if (condensed.summaries > 0)
    console.log(`condensed into minutes: ${condensed.readings} readings in ${condensed.summaries} summaries`)
  for (const name of damagedFiles) console.log(`damaged, set aside: ${name}`)
  for (const [cause, count] of Object.entries(losses))
    console.log(
      `lost (${cause}): ${count} ${count === 1 ? 'number' : 'numbers'}, to be declared to the collector`,
    )
  if (streams.length > 0)
    console.log(
      formatTable(
        ['sensor', 'epoch', 'last number', 'rows', 'oldest', 'newest', 'condensed', 'lost'],
        streams.map(({ sensor, epoch, lastSeq, rows: count, oldest, newest, condensed: thinned, lost }) => [
          sensor,
          epoch,
          String(lastSeq),
          String(count),
          oldest ?? '',
          newest ?? '',
          thinned > 0 ? String(thinned) : '',
          lost.map((range) => `${range.firstSeq}-${range.lastSeq} (${range.cause})`).join(', '),
        ]),
        [2, 3, 6],
      ),
    )
  for (const { sensor, epoch, firstSeq, lastSeq, reason } of refused)
    console.log(`refused by the collector: ${sensor} ${epoch} ${firstSeq}-${lastSeq}: ${reason}`)
}

const columns = ['sensor', 'epoch', 'seq', 'time', 'kind', 'metric', 'value', 'unit', 'remark'] as const

/** Writes every row that a buffer holds, to a file or to standard output. */
export async function writeExport(
  path: string,
  { format, out }: { format: 'csv' | 'jsonl'; out: string | undefined },
): Promise<void> {
  // A buffer that cannot be opened must not cost the file that --out names, nor print a header.
  const rows = exportBuffer(path)[Symbol.iterator]()
  let row = rows.next()
  const stream: Writable = out === undefined ? process.stdout : await openFile(out)
  const write = async (line: string): Promise<void> => {
    if (!stream.write(`${line}\n`)) await once(stream, 'drain')
  }
  if (format === 'csv') await write(columns.join(','))
  for (; !row.done; row = rows.next())
    await write(format === 'csv' ? csvLine(row.value) : JSON.stringify(row.value))
  if (out !== undefined) await new Promise<void>((resolve) => stream.end(resolve))
}

async function openFile(out: string): Promise<Writable> {
  const stream = createWriteStream(out)
  try {
    await once(stream, 'open')
    return stream
  } catch (error) {
    throw new CodedError('usage', `${out} cannot be written`, {
      hint: 'name another file with --out',
      cause: error,
    })
  }
}

function csvLine(row: ExportedRow): string {
  return columns.map((column) => csvCell(row[column] === null ? '' : String(row[column]))).join(',')
}

const csvCell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
