import type { Config } from '../config/index.ts'
import type { StoredReceipt } from '../core/roll.ts'
import type { MetricSample, ProgramState } from '../serve/index.ts'

/** What --roles may name. broker and bridge share a thread: the broker acknowledges what the bridge has logged. */
export const roleNames = ['broker', 'bridge', 'roll', 'serve'] as const
export type RoleName = (typeof roleNames)[number]

/** `files` belongs to the roll: it writes what was rolled, and is there only when a file is named. */
export type ThreadName = 'ingest' | 'roll' | 'serve' | 'files'

export type { MetricSample, ProgramState }

/** What a thread is started with. */
export interface ThreadData {
  readonly thread: ThreadName
  readonly config: Config
  readonly roles: readonly RoleName[]
  /** Those that this program folds; null: all, or its share of them. */
  readonly partitions: readonly number[] | null
  readonly version: string
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** An expected failure, as it crosses from a thread. */
export interface PlainFailure {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly hint: string | undefined
}

/** From a thread to the main thread. */
export type FromThread =
  /** Works; `address` when others may want to know where. */
  | { readonly type: 'ready'; readonly address: string | null }
  | { readonly type: 'state'; readonly state: ProgramState }
  /** For the receipts of the thread that has the devices. */
  | { readonly type: 'stored'; readonly receipts: readonly StoredReceipt[] }
  | { readonly type: 'log'; readonly level: LogLevel; readonly fields: object; readonly message: string }
  /** The last message of a thread that cannot go on, for a reason that is no bug. */
  | { readonly type: 'failed'; readonly failure: PlainFailure }
  | { readonly type: 'stopped' }

/** From the main thread to a thread. */
export type ToThread =
  | { readonly type: 'stored'; readonly receipts: readonly StoredReceipt[] }
  /** Of all threads, for /readyz and /metrics. */
  | { readonly type: 'program'; readonly state: ProgramState }
  | { readonly type: 'stop' }
