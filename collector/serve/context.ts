import type { ApiAudit } from '@barograph/proto/api'
import type { CreateEncoder } from '../core/export/table.ts'
import type { DeadLetters, Log } from '../core/log.ts'
import type { Store } from '../core/store.ts'
import type { Reach } from './reach.ts'

/** One figure for /metrics. */
export interface MetricSample {
  /** In Prometheus' form: barograph_bridge_batches_total. */
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** What the program says of its other roles at this moment. */
export interface ProgramState {
  readonly roles: readonly { readonly role: string; readonly ok: boolean; readonly detail: string }[]
  readonly metrics: readonly MetricSample[]
}

/** Where the server writes what an operator should know; a pino logger fits. */
export interface ServeLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What every route may use. */
export interface Context {
  readonly store: Store
  readonly log: Log
  /** Writes an operator's orders to the log. */
  readonly append: Log['append']
  readonly deadLetters: DeadLetters
  /** The result of the last audit of the store; null: there was none. */
  readonly lastAudit: () => Promise<ApiAudit | null>
  readonly version: string
  /** Writes Parquet, a row group of so many rows at a time. */
  readonly parquet: { readonly create: CreateEncoder; readonly rowsPerGroup: number }
  readonly state: () => ProgramState
  readonly now: () => number
  readonly startedAt: number
  readonly logger: ServeLogger
  /** How it can be reached, and by whom. */
  readonly reach: Reach
}
