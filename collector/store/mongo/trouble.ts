import { CodedError } from '@barograph/proto'
import {
  MongoBulkWriteError,
  MongoAPIError,
  MongoError,
  MongoNotConnectedError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb'

/** An address without what is nobody's business: user, password and options. */
export const shownUrl = (url: string): string => url.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '')

/** Codes of the server for what waiting does not mend. */
const codes = {
  refused: new Set([13, 18, 8000, 8010]),
  full: new Set([14031, 12501]),
  /** It does not know the command, its options or operators. */
  unfit: new Set([2, 9, 14, 59, 72, 73, 115, 238]),
  index: new Set([67, 85, 86]),
}

/** What the driver or the server objects to, in words. What is no trouble of theirs is a bug, and comes back as it is. */
export function explain(error: unknown, url: string): unknown {
  if (isOfSocket(error)) return unreachable(url, error.message, error)
  if (error instanceof CodedError) return error
  if (isOfFile(error))
    return new CodedError(
      'store-tls',
      `${error.path}, which store.url names, cannot be read (${error.code}).`,
      {
        hint: 'See tlsCAFile and tlsCertificateKeyFile in store.url.',
        cause: error,
      },
    )
  if (!(error instanceof MongoError)) return error
  const place = `MongoDB at ${shownUrl(url)}`
  const reason = reasonOf(error, url)
  const coded = (code: string, message: string, retryable: boolean, hint: string): CodedError =>
    new CodedError(`store-${code}`, message, { retryable, hint, cause: error })
  const number = error instanceof MongoServerError ? Number(error.code) : 0
  if (codes.refused.has(number) || /authentication failed|saslStart/i.test(reason))
    return coded(
      'refused',
      `${place} does not let us in (${reason}).`,
      false,
      'See user, password and authSource in store.url; the user needs the role readWrite on that database.',
    )
  if (codes.full.has(number))
    return coded(
      'full',
      `${place} has no room (${reason}).`,
      true,
      'Make room there; the collector goes on by itself.',
    )
  if (codes.index.has(number))
    return coded(
      'index',
      `${place} has another index under the name of one of ours (${reason}).`,
      false,
      indexHint,
    )
  if (codes.unfit.has(number) || /wire version/.test(reason))
    return coded(
      'unfit',
      `${place} cannot do what a store needs (${reason}).`,
      false,
      'MongoDB 4.4 or later is needed; docs/documents.md lists the commands that are used.',
    )
  if (error instanceof MongoServerSelectionError && /ENOTFOUND|EBADNAME/.test(reason))
    return coded('unknown-host', `${place}: there is no such host (${reason}).`, false, 'See store.url.')
  if (/certificate|self.signed|SSL routines|ERR_TLS|ERR_SSL/i.test(reason))
    return coded(
      'tls',
      `${place}: the connection could not be secured (${reason}).`,
      false,
      'See tls and tlsCAFile in store.url.',
    )
  if (error instanceof MongoAPIError && !(error instanceof MongoNotConnectedError)) return error
  return unreachable(url, reason, error)
}

/** It is away, hangs, or cannot be reached. */
const unreachable = (url: string, reason: string, cause?: unknown): CodedError =>
  new CodedError('store-unreachable', `MongoDB at ${shownUrl(url)} does not answer (${reason}).`, {
    retryable: true,
    hint: 'See whether it runs, and whether it wants tls=true in store.url; the collector goes on by itself. Agents and the log keep what is not stored.',
    cause,
  })

const brokenLines = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** The driver lets through what the socket says when a connection breaks in the middle of a large write. */
const isOfSocket = (error: unknown): error is Error =>
  error instanceof Error &&
  !(error instanceof MongoError) &&
  'code' in error &&
  brokenLines.has(String(error.code))

/** The driver reads the files that the address names when it connects. */
const isOfFile = (error: unknown): error is Error & { path: string; code: string } =>
  error instanceof Error &&
  'syscall' in error &&
  error.syscall === 'open' &&
  'path' in error &&
  'code' in error

/** How to mend an index that is not as it has to be. */
export const indexHint =
  'Drop that index; the collector makes the right one when it starts. docs/documents.md lists them.'

function reasonOf(error: MongoError, url: string): string {
  const inner = error.cause instanceof Error && error.message === '' ? error.cause.message : error.message
  const worst = error instanceof MongoBulkWriteError ? error.result.getWriteConcernError()?.errmsg : undefined
  // The driver quotes addresses that it does not like.
  return (worst ?? inner)
    .replaceAll(url, shownUrl(url))
    .replace(/\/\/[^/\s]*@/g, '//')
    .replace(/\.$/, '')
}
