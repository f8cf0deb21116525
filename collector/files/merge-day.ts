import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import type { DayRows } from '../core/export/day.ts'
import { collectRows, type Column, type Rows, type Value } from '../core/export/table.ts'

type Row = Readonly<Record<string, Value>>

/**
 * The rows of the store, and among them those of the file that the store has forgotten: what is in a file outlives
 * retention.
 */
export async function mergeDay(
  path: string,
  kind: 'raw' | '10s',
  fresh: Pick<DayRows, 'columns' | 'rows' | 'mayForget' | 'isForgotten'>,
  rowsPerBatch: number,
): Promise<{ columns: readonly Column[]; rows: AsyncIterable<Rows> }> {
  const kept = await readForgotten(path, fresh)
  if (kept.rows.length === 0) return fresh
  // A metric that nobody has any more, as it stands in the file.
  const columns = [
    ...fresh.columns,
    ...kept.columns.filter(({ name }) => !fresh.columns.some((one) => one.name === name)),
  ]
  const order = createOrder(
    kind === 'raw' ? ['sensor', 'time', 'epoch', 'seq'] : ['sensor', 'start', 'metric'],
  )
  const old = kept.rows.toSorted(order)
  async function* rows(): AsyncGenerator<Rows> {
    const into = collectRows(columns.length)
    const names = columns.map(({ name }) => name)
    const add = (row: Row): void => into.add(names.map((name) => row[name] ?? null))
    let next = 0
    for await (const batch of fresh.rows) {
      for (let i = 0; i < batch.count; i++) {
        const row = rowAt(fresh.columns, batch, i)
        for (; next < old.length && order(old[next] as Row, row) < 0; next++) add(old[next] as Row)
        add(row)
      }
      if (into.count >= rowsPerBatch) yield into.take()
    }
    for (; next < old.length; next++) add(old[next] as Row)
    if (into.count > 0) yield into.take()
  }
  return { columns, rows: rows() }
}

const rowAt = (columns: readonly Column[], rows: Rows, i: number): Row =>
  Object.fromEntries(columns.map(({ name }, column) => [name, rows.columns[column]?.[i] ?? null]))

function createOrder(names: readonly string[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const name of names) {
      const [x, y] = [a[name] ?? null, b[name] ?? null]
      if (x !== y && x !== null && y !== null) return x < y ? -1 : 1
    }
    return 0
  }
}

/** Rows of an older file that the store has forgotten; a file that is no Parquet of ours has none. */
async function readForgotten(
  path: string,
  { mayForget, isForgotten }: Pick<DayRows, 'mayForget' | 'isForgotten'>,
): Promise<{ columns: readonly Column[]; rows: readonly Row[] }> {
  const nothing = { columns: [], rows: [] }
  if (!existsSync(path)) return nothing
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file).catch(() => null)
  if (metadata === null) {
    // Never deleted: somebody may still make something of it.
    await rename(path, `${path}.unreadable`)
    return nothing
  }
  const notes = Object.fromEntries(
    (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
  )
  if (!mayForget(notes)) return nothing
  const units = JSON.parse(notes['barograph.units'] ?? '{}') as Readonly<Record<string, string>>
  const columns = metadata.schema.slice(1).map((element): Column => {
    const { name, type, repetition_type, logical_type } = element
    const unit = units[name]
    return {
      name,
      type:
        logical_type?.type === 'TIMESTAMP'
          ? logical_type.isAdjustedToUTC
            ? 'time'
            : 'local'
          : type === 'INT64'
            ? 'integer'
            : type === 'DOUBLE'
              ? 'number'
              : type === 'BOOLEAN'
                ? 'yes-no'
                : 'text',
      isAlways: repetition_type === 'REQUIRED',
      ...(unit === undefined ? {} : { unit }),
    }
  })
  const found: Row[] = []
  // A row group at a time: only what is kept stays.
  let start = 0
  for (const { num_rows } of metadata.row_groups) {
    const end = start + Number(num_rows)
    for (const row of await parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end })) {
      const plain = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, valueOf(value)]))
      if (isForgotten(plain)) found.push(plain)
    }
    start = end
  }
  return { columns, rows: found }
}

function valueOf(value: unknown): Value {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'bigint') return Number(value)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
