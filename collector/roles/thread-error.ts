import { CodedError } from '@barograph/proto'
import type { PlainFailure } from './messages.ts'

/** The failure of a thread as the error that it was. */
export function errorOf({ code, message, retryable, hint }: PlainFailure): CodedError {
  return new CodedError(code, message, { retryable, ...(hint === undefined ? {} : { hint }) })
}
