// A reader of files that neither we nor those who wrote the library that writes them have made.
import { DuckDBInstance } from '@duckdb/node-api'

export type DuckRow = Readonly<Record<string, unknown>>

/** What DuckDB answers, as JSON has it: whole numbers beyond 2^53, times and dates as text. Times are those of UTC. */
export async function duckdb(sql: string): Promise<readonly DuckRow[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run("SET TimeZone = 'UTC'")
    return (await connection.runAndReadAll(sql)).getRowObjectsJson() as DuckRow[]
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** A path in SQL. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`
