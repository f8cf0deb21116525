import { existsSync } from 'node:fs'
import type { LogProgress, LogSource, LogTarget } from '../core/copy/log-ports.ts'
import { completeCopy, isHalfCopy, openSqliteFile } from '../sqlite-file.ts'
import { createSqliteDeadLetters } from './dead-letters.ts'
import { logFile } from './schema.ts'
import { createSqliteLog, openSqliteLog } from './sqlite.ts'

/** A log in a file that is to be copied. */
export function openSqliteLogSource(path: string): LogSource {
  const log = openSqliteLog({ path })
  const letters = createSqliteDeadLetters({ path, readOnly: true })
  return {
    log,
    letters,
    async close() {
      await letters.close()
      await log.close()
    },
  }
}

/** A copy in the making in a file, which is made when there is none. */
export function openSqliteLogTarget(path: string, partitions: number): LogTarget {
  const isNew = !existsSync(path)
  const file = openSqliteFile({ ...logFile, path, readOnly: false, maxBytes: undefined, isCopy: true })
  const { db, guard, transact } = file
  const isWhole = !isNew && !isHalfCopy(file, logFile.applicationId)
  if (!isWhole)
    db.exec(`CREATE TABLE IF NOT EXISTS copying (only INTEGER PRIMARY KEY CHECK (only = 1),
      progress TEXT NOT NULL) STRICT`)
  const log = isWhole ? openSqliteLog({ path }) : createSqliteLog({ path, partitions, isCopy: true })
  const letters = createSqliteDeadLetters({ path, isCopy: true })
  return {
    isWhole,
    log,
    letters,
    progress: async () =>
      guard(() => {
        if (isWhole) return null
        const text = db.prepare<[], string>('SELECT progress FROM copying').pluck().get()
        return text === undefined ? null : (JSON.parse(text) as LogProgress)
      }),
    note: async (progress) =>
      guard(() => {
        db.prepare('INSERT OR REPLACE INTO copying VALUES (1, ?)').run(JSON.stringify(progress))
      }),
    complete: async () =>
      transact(() => {
        db.exec('DROP TABLE copying')
        completeCopy(file, logFile.applicationId)
      }),
    async close() {
      await letters.close()
      await log.close()
      file.close()
    },
  }
}
