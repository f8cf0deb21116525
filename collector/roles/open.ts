import type { Config } from '../config/index.ts'
import type { DeadLetters, Log } from '../core/log.ts'
import type { Store } from '../core/store.ts'
import { createSqliteDeadLetters } from '../log/dead-letters.ts'
import { createSqliteLog, openSqliteLog } from '../log/sqlite.ts'
import { createSqliteStore } from '../store/sqlite.ts'

/** The adapters that the configuration names: the one place that knows which there are. */
export interface Openers {
  /** To append and read; made when there is none. */
  log(): Log
  /** To read beside those that append. */
  readLog(): Log
  store(): Store
  readStore(): Store
  deadLetters(): DeadLetters & { close(): Promise<void> }
  readDeadLetters(): DeadLetters & { close(): Promise<void> }
}

export function createOpeners({ log, store }: Pick<Config, 'log' | 'store'>): Openers {
  const bounded = (maxBytes: number | null): { maxBytes?: number } => (maxBytes === null ? {} : { maxBytes })
  return {
    log: () => createSqliteLog({ path: log.path, partitions: log.partitions, ...bounded(log.maxBytes) }),
    readLog: () => openSqliteLog({ path: log.path }),
    store: () => createSqliteStore({ path: store.path, ...bounded(store.maxBytes) }),
    readStore: () => createSqliteStore({ path: store.path, readOnly: true }),
    deadLetters: () => createSqliteDeadLetters({ path: log.path }),
    readDeadLetters: () => createSqliteDeadLetters({ path: log.path, readOnly: true }),
  }
}
