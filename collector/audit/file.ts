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
  const refuse = (why: string, cause?: unknown): CodedError =>
    new CodedError(`${what}-unusable`, `The ${what} at ${path} cannot be audited: ${why}.`, {
      hint: `Name the ${what} of a Barograph collector with --${what} FILE or in its configuration.`,
      cause,
    })
  let db: Database.Database | null = null
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 })
    const found = db.pragma('application_id', { simple: true })
    const version = db.pragma('user_version', { simple: true })
    if (found !== applicationId) throw refuse(`it is not a Barograph ${what}`)
    if (version !== schemaVersion)
      throw refuse(`its schema is version ${String(version)}, this audit reads version ${schemaVersion}`)
    return db
  } catch (error) {
    db?.close()
    if (error instanceof CodedError) throw error
    throw refuse(error instanceof Error ? error.message : String(error), error)
  }
}
