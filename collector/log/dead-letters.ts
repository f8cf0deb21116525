import type { DeadLetter, DeadLetters } from '../core/log.ts'
import { openSqliteFile, type SqliteFile } from '../sqlite-file.ts'
import { logFile } from './schema.ts'

export interface SqliteDeadLettersOptions {
  /** The log's file. */
  readonly path: string
  readonly readOnly?: boolean
  /** Letters kept; beyond, the oldest go. */
  readonly maxLetters?: number
  /** Bytes of their values kept; beyond, the oldest go. */
  readonly maxBytes?: number
  /** Of a log that is a copy in the making. */
  readonly isCopy?: boolean
}

interface Row {
  id: number
  topic: string
  device: string | null
  ingest: number
  code: string
  reason: string
  value: Uint8Array
}

const toLetter = ({ id, topic, device, ingest, code, reason, value }: Row): DeadLetter => ({
  id,
  topic,
  device,
  ingestMs: ingest,
  code,
  reason,
  value: new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
})

/** Refused messages in the log's file, with `close` for its own connection. */
export function createSqliteDeadLetters(
  options: SqliteDeadLettersOptions,
): DeadLetters & { close(): Promise<void> } {
  const { path, readOnly = false, maxLetters = 10_000, maxBytes = 64 * 1024 * 1024, isCopy = false } = options
  // No promise hangs on them, so they cost no fsync: a flood of refusals must not slow the log down.
  const file = openSqliteFile({ ...logFile, path, readOnly, isDurable: false, maxBytes: undefined, isCopy })
  const { db, guard } = file
  const list = db.prepare<{ before: number; device: string | null; limit: number }, Row>(
    `SELECT * FROM dead_letters WHERE id < @before AND (@device IS NULL OR device = @device)
     ORDER BY id DESC LIMIT @limit`,
  )
  const get = db.prepare<[number], Row>('SELECT * FROM dead_letters WHERE id = ?')
  const counts = db.prepare<[], { code: string; count: number }>(
    'SELECT code, count FROM dead_letter_counts ORDER BY code',
  )
  return {
    ...createKeeping(file, maxLetters, maxBytes),
    list: async ({ limit, before = Number.MAX_SAFE_INTEGER, device = null }) =>
      guard(() => list.all({ before, device, limit }).map(toLetter)),
    get: async (id) =>
      guard(() => {
        const row = get.get(id)
        return row === undefined ? null : toLetter(row)
      }),
    counts: async () => guard(() => Object.fromEntries(counts.all().map(({ code, count }) => [code, count]))),
    close: async () => {
      if (db.open) file.close()
    },
  }
}

/** Adding and removing, with a running total so that no add has to count. */
function createKeeping(
  { db, transact }: SqliteFile,
  maxLetters: number,
  maxBytes: number,
): Pick<DeadLetters, 'add' | 'remove'> {
  const insert = db.prepare(
    'INSERT INTO dead_letters (topic, device, ingest, code, reason, value) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const count = db.prepare<[string]>(
    'INSERT INTO dead_letter_counts VALUES (?, 1) ON CONFLICT (code) DO UPDATE SET count = count + 1',
  )
  const kept = db.prepare<[], { letters: number; bytes: number }>(
    'SELECT letters, bytes FROM dead_letters_kept',
  )
  const setKept = db.prepare<[number, number]>('UPDATE dead_letters_kept SET letters = ?, bytes = ?')
  const oldest = db.prepare<[], { id: number; bytes: number }>(
    'SELECT id, length(value) AS bytes FROM dead_letters ORDER BY id LIMIT 1',
  )
  const sizeOf = db.prepare<[number], number>('SELECT length(value) FROM dead_letters WHERE id = ?').pluck()
  const remove = db.prepare<[number]>('DELETE FROM dead_letters WHERE id = ?')
  return {
    add: async (added) => {
      if (added.length === 0) return
      transact(() => {
        let { letters, bytes } = kept.get() ?? { letters: 0, bytes: 0 }
        for (const { topic, device, ingestMs, code, reason, value } of added) {
          insert.run(topic, device, ingestMs, code, reason, value)
          count.run(code)
          letters++
          bytes += value.byteLength
        }
        while (letters > maxLetters || bytes > maxBytes) {
          const first = oldest.get()
          if (first === undefined) break
          remove.run(first.id)
          letters--
          bytes -= first.bytes
        }
        setKept.run(letters, bytes)
      })
    },
    remove: async (id) =>
      transact(() => {
        const size = sizeOf.get(id)
        if (size === undefined) return
        const { letters, bytes } = kept.get() ?? { letters: 0, bytes: 0 }
        remove.run(id)
        setKept.run(letters - 1, bytes - size)
      }),
  }
}
