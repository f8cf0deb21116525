/** What went wrong, as a word that programs can compare and people can look up. */
export interface CodedErrorOptions {
  /** True when the same call may succeed later without any change. */
  retryable?: boolean
  /** What the reader may try next. */
  hint?: string
  cause?: unknown
}

/** An expected failure: a code, a sentence, and whether trying again can help. Bugs are not coded errors. */
export class CodedError extends Error {
  readonly code: string
  readonly retryable: boolean
  readonly hint: string | undefined

  constructor(code: string, message: string, { retryable = false, hint, cause }: CodedErrorOptions = {}) {
    super(message, { cause })
    this.name = 'CodedError'
    this.code = code
    this.retryable = retryable
    this.hint = hint
  }
}

/** True for an error that was expected, optionally only with this code. */
export function isCoded(error: unknown, code?: string): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code)
}
