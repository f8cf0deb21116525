import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer'
import type { Column, ColumnType, CreateEncoder, Encoder, Value } from '../core/export/table.ts'

/** Rows of one row group: what is in memory at once (some 50 MB with what the library makes of them), and what a reader skips by. */
export const rowsPerGroup = 8_192

const utf8 = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const
const stamp = (isAdjustedToUTC: boolean) =>
  ({ type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit: 'MILLIS' } }) as const

const types: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  text: utf8,
  time: stamp(true),
  local: stamp(false),
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  'yes-no': { type: 'BOOLEAN' },
}

/** Times and numbers that count up take little room as differences. */
const growing: Readonly<Partial<Record<ColumnType, 'DELTA_BINARY_PACKED'>>> = {
  time: 'DELTA_BINARY_PACKED',
  local: 'DELTA_BINARY_PACKED',
}

/**
 * Apache Parquet, Snappy, a row group for each batch. Units are in its metadata, as `barograph.units`: JSON of column and unit.
 */
export const createParquet: CreateEncoder = createParquetWith(() => ({}))

/** The same with notes of ours in its metadata, which are asked for at the end. */
export function createParquetWith(notes: () => Readonly<Record<string, string>>): CreateEncoder {
  return (columns) => createWriter(columns, notes)
}

function createWriter(columns: readonly Column[], notes: () => Readonly<Record<string, string>>): Encoder {
  const writer = new ByteWriter()
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map((column) => ({
      name: column.name,
      ...types[column.type],
      repetition_type: column.isAlways ? ('REQUIRED' as const) : ('OPTIONAL' as const),
    })),
  ]
  const units = Object.fromEntries(columns.flatMap(({ name, unit }) => (unit ? [[name, unit]] : [])))
  const metadata = [{ key: 'barograph.units', value: JSON.stringify(units) }]
  const parquet = new ParquetWriter({ writer, schema, createdBy: 'Barograph', kvMetadata: metadata })
  const written = (): Uint8Array => {
    const bytes = writer.getBytes().slice()
    // The same room again: what was handed out is forgotten here.
    writer.index = 0
    return bytes
  }
  return {
    begin: written,
    rows({ count, columns: values }) {
      if (count === 0) return new Uint8Array()
      void parquet.write({
        columnData: columns.map((column, i) => sourceOf(column, values[i] ?? [])),
        rowGroupSize: count,
      })
      return written()
    },
    end() {
      for (const [key, value] of Object.entries(notes())) metadata.push({ key, value })
      void parquet.finish()
      return written()
    },
  }
}

function sourceOf({ name, type, isAlways }: Column, values: readonly Value[]): ColumnSource {
  const encoding = isAlways ? growing[type] : undefined
  return { name, data: dataOf(type, values), nullable: !isAlways, ...(encoding ? { encoding } : {}) }
}

function dataOf(type: ColumnType, values: readonly Value[]): ColumnSource['data'] {
  if (type === 'time' || type === 'local' || type === 'integer')
    return values.map((value) => (value === null ? null : BigInt(value)))
  return [...values]
}
