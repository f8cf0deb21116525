import { createSqliteLog } from '../sqlite.ts'

/** How the contract's other processes open an SQLite log: the location is its path. */
export const openLog = async (location: string, partitions: number) =>
  createSqliteLog({ path: location, partitions })
