import { existsSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import Database from 'better-sqlite3'

/** What a file of the collector's must be to be read: four bytes in its header, and the schema's version. */
export interface FileKind {
  readonly what: 'store' | 'log'
  readonly applicationId: number
  readonly schemaVersion: number
}

/** Opens one of the collector's files to read. Throws `store-unusable`, `log-unusable` and the like, with words. */
export function openToRead(
  path: string,
  { what, applicationId, schemaVersion }: FileKind,
): Database.Database {
  const otherFile = `Name the ${what} of a Barograph collector with --${what} FILE or in its configuration.`
  const refuse = (why: string, cause?: unknown, hint = otherFile): CodedError =>
    new CodedError(`${what}-unusable`, `The ${what} at ${path} cannot be audited: ${why}.`, { hint, cause })
  let db: Database.Database | null = null
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 })
    const found = db.pragma('application_id', { simple: true })
    const version = Number(db.pragma('user_version', { simple: true }))
    if (found !== applicationId) throw refuse(`it is not a Barograph ${what}`)
    if (version !== schemaVersion)
      throw refuse(
        `its schema is version ${version}, this audit reads version ${schemaVersion}`,
        undefined,
        version < schemaVersion
          ? 'Start the collector once; it brings the file up to date.'
          : 'Run the audit of that newer version.',
      )
    return db
  } catch (error) {
    db?.close()
    if (error instanceof CodedError) throw error
    throw refuse(reasonOf(path, error), error)
  }
}

function reasonOf(path: string, error: unknown): string {
  if (!existsSync(path)) return 'there is no such file'
  return error instanceof Error ? error.message : String(error)
}

/**
 * What ended an audit, in words: a file that is damaged inside is one that cannot be audited. Anything else is a bug, and
 * comes back as it is.
 */
export function explainDamage(
  error: unknown,
  paths: Readonly<Partial<Record<'store' | 'log', string>>>,
): unknown {
  const files = (['store', 'log'] as const).filter((what) => paths[what] !== undefined)
  if (!(error instanceof Database.SqliteError) || files.length === 0) return error
  const damaged = files.filter((what) => !isWhole(paths[what] ?? ''))
  const names = damaged.length > 0 ? damaged : files
  return new CodedError(
    `${names[0] ?? 'store'}-unusable`,
    `${names.map((what) => `The ${what} at ${paths[what]}`).join(' or ')} cannot be audited to the end: the file is damaged (${error.message}).`,
    { hint: 'docs/delivery.md tells what to do about a damaged file.', cause: error },
  )
}

function isWhole(path: string): boolean {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true })
    try {
      return db.pragma('quick_check(1)', { simple: true }) === 'ok'
    } finally {
      db.close()
    }
  } catch {
    return false
  }
}
