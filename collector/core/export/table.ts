/**
 * What a column holds. time: ms since 1970. local: ms that the site's clock and calendar show, as if they were UTC. Values are
 * those of the type, or null.
 */
export type ColumnType = 'text' | 'time' | 'local' | 'integer' | 'number' | 'yes-no'

/** A column of a table that leaves the store. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** Never null. */
  readonly isAlways: boolean
  /** Of its values; absent: they have none. */
  readonly unit?: string
}

export type Value = string | number | boolean | null

/** Some rows: one array per column, all of one length. */
export interface Rows {
  readonly count: number
  readonly columns: readonly (readonly Value[])[]
}

/** A piece of a file. */
export type Chunk = string | Uint8Array

/** Turns rows into a file, piece by piece. */
export interface Encoder {
  begin(): Chunk
  rows(rows: Rows): Chunk
  end(): Chunk
}

export type CreateEncoder = (columns: readonly Column[]) => Encoder

/** Collects rows, and hands them out in batches. */
export interface Collected {
  /** The values of one row, in the order of the columns. */
  add(row: readonly Value[]): void
  readonly count: number
  take(): Rows
}

export function collectRows(width: number): Collected {
  const empty = (): Value[][] => Array.from({ length: width }, () => [])
  let columns = empty()
  return {
    add(row) {
      for (let i = 0; i < width; i++) columns[i]?.push(row[i] ?? null)
    },
    get count() {
      return columns[0]?.length ?? 0
    },
    take() {
      const rows = { count: columns[0]?.length ?? 0, columns }
      columns = empty()
      return rows
    },
  }
}
