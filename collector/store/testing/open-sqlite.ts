import { createSqliteStore } from '../sqlite.ts'

/** How the contract's other processes open an SQLite store: the location is its path. */
export const openStore = async (location: string) => createSqliteStore({ path: location })
