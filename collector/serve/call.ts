import type { Caller } from './access/index.ts'
import type { Requester } from './requester.ts'

/** One request beside its parameters: who asks, and what its answer carries beside its body. */
export interface Call {
  readonly requester: Requester
  /** null: nobody said who they are. Rejects when they say something wrong. */
  caller(): Promise<Caller | null>
  setHeader(name: string, value: string): void
}
