import { CodedError } from '@barograph/proto'
import type { PlainFailure, ThreadName } from './messages.ts'

/** The failure of a thread as the error that it was, and which thread it ended. */
export class ThreadFailure extends CodedError {
  readonly thread: ThreadName

  constructor(thread: ThreadName, { code, message, retryable, hint }: PlainFailure) {
    super(code, message, { retryable, ...(hint === undefined ? {} : { hint }) })
    this.thread = thread
  }
}
