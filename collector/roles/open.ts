import { type Config, type KafkaConfig, sqlitePath } from '../config/index.ts'
import { type Assignment, fixedAssignment } from '../core/assignment.ts'
import type { DeadLetters, Log } from '../core/log.ts'
import type { Store } from '../core/store.ts'
import { createSqliteDeadLetters } from '../log/dead-letters.ts'
import { createSqliteLog, openSqliteLog } from '../log/sqlite.ts'
import { createMongoStore } from '../store/mongo/index.ts'
import { createSqliteStore } from '../store/sqlite.ts'

type ClosedAfterUse = DeadLetters & { close(): Promise<void> }

interface LogOpeners {
  /** To append and read; made when there is none. */
  log(): Promise<Log>
  /** To read beside those that append. */
  readLog(): Promise<Log>
  deadLetters(): Promise<ClosedAfterUse>
  readDeadLetters(): Promise<ClosedAfterUse>
  /** Who folds which partitions; null: no fixed ones were asked for. */
  assignment(log: Log, fixed: readonly number[] | null): Promise<Assignment>
}

interface StoreOpeners {
  /** `isPatient`: a server that is away makes the calls fail until it is back; else it is not opened. */
  store(options?: { readonly isPatient?: boolean }): Promise<Store>
  readStore(): Promise<Store>
}

/** The adapters that the configuration names: the one place that knows which there are. */
export interface Openers extends LogOpeners, StoreOpeners {}

export function createOpeners({ log, store }: Pick<Config, 'log' | 'store'>): Openers {
  return { ...logOpeners(log), ...storeOpeners(store) }
}

function logOpeners({ url, partitions, maxBytes, retentionMs, kafka }: Config['log']): LogOpeners {
  if (kafka) return kafkaOpeners({ ...kafka, partitions, retentionMs })
  const path = sqlitePath(url) ?? refuse(url)
  return {
    log: async () => createSqliteLog({ path, partitions, ...bounded(maxBytes) }),
    readLog: async () => openSqliteLog({ path }),
    deadLetters: async () => createSqliteDeadLetters({ path }),
    readDeadLetters: async () => createSqliteDeadLetters({ path, readOnly: true }),
    assignment: async (opened, fixed) =>
      fixedAssignment(fixed ?? Array.from({ length: opened.partitions }).keys()),
  }
}

/** Its client is loaded only by those who have one. */
function kafkaOpeners(config: KafkaConfig & { partitions: number; retentionMs: number }): LogOpeners {
  const load = async () => {
    const adapter = await import('../log/kafka/index.ts')
    return { adapter, options: { ...config, place: adapter.placeOf(config) } }
  }
  return {
    async log() {
      const { adapter, options } = await load()
      return adapter.createKafkaLog(options)
    },
    async readLog() {
      const { adapter, options } = await load()
      return adapter.openKafkaLog(options)
    },
    async deadLetters() {
      const { adapter, options } = await load()
      return adapter.createKafkaDeadLetters(options)
    },
    async readDeadLetters() {
      const { adapter, options } = await load()
      return adapter.openKafkaDeadLetters(options)
    },
    async assignment(_, fixed) {
      const { adapter, options } = await load()
      return fixed ? fixedAssignment(fixed) : adapter.joinMembers(options)
    },
  }
}

function storeOpeners({ url, maxBytes }: Config['store']): StoreOpeners {
  if (/^mongodb(\+srv)?:/.test(url))
    return {
      store: ({ isPatient = false } = {}) => createMongoStore({ url, isPatient }),
      readStore: () => createMongoStore({ url, readOnly: true }),
    }
  const path = sqlitePath(url) ?? refuse(url)
  return {
    store: async () => createSqliteStore({ path, ...bounded(maxBytes) }),
    readStore: async () => createSqliteStore({ path, readOnly: true }),
  }
}

const bounded = (maxBytes: number | null): { maxBytes?: number } => (maxBytes === null ? {} : { maxBytes })

/** The schema lets only through what is known here. */
function refuse(url: string): never {
  throw new Error(`no adapter for ${url.split(':')[0]}:`)
}
