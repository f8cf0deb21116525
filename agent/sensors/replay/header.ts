import { makeFault, quote, type Fault } from '../fault.ts'
import type { ReplayConfig } from './config.ts'
import { openLineReader } from './line-reader.ts'
import { parseRecords, planRows, type RowPlan } from './row.ts'

/** A missing or wrong file is looked at again after this long. */
export const fileRetryMs = 30_000

/** The first record of a file: how its rows are read, and where they begin. */
export interface Header {
  readonly plan: RowPlan
  readonly bytes: number
  readonly line: number
}

/** Reads the columns of a file, or tells which one is missing. Rejects as `open` does. */
export async function readHeader(
  { path, name, config }: { path: string; name: string; config: ReplayConfig },
  signal: AbortSignal,
): Promise<Header | Fault> {
  const reader = await openLineReader(path, { bytes: 0, line: 0 }, signal)
  try {
    const [first] = (await reader.next(1, () => true)) ?? []
    const columns = first ? parseRecords([first.text], config.delimiter)[0] : null
    if (!first || !columns)
      return makeFault('bad-file', `${name} has no header line with the names of its columns`, fileRetryMs)
    const plan = planRows(config, columns)
    if ('missingColumn' in plan) {
      const has = columns.map((column) => column.trim()).join(', ')
      return makeFault(
        'missing-column',
        `${name} has no column ${quote(plan.missingColumn)}; it has ${has}`,
        fileRetryMs,
      )
    }
    return { plan, bytes: first.endByte, line: first.endLine }
  } finally {
    await reader.close()
  }
}

const fileWords: Record<string, [code: string, words: string]> = {
  ENOENT: ['file-missing', 'does not exist'],
  ENOTDIR: ['file-missing', 'does not exist'],
  EACCES: ['file-denied', 'may not be read by this user'],
  EPERM: ['file-denied', 'may not be read by this user'],
  EISDIR: ['bad-file', 'is a folder'],
}

/** What it means that a file could not be read. Rethrows what is no failure of a file. */
export function fileFault(path: string, error: unknown): Fault {
  const errno =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  if (errno === null || !/^E[A-Z]+$/.test(errno)) throw error
  const [code, words] = fileWords[errno] ?? ['file-failed', `cannot be read (${errno})`]
  return makeFault(code, `the file ${path} ${words}`, fileRetryMs)
}
