import { createCalendar, levels } from './calendar.ts'
import { checkEpochs } from './epochs.ts'
import { explainDamage } from './file.ts'
import { aheadWords } from './findings.ts'
import { openLog } from './log-reader.ts'
import { rangeWords } from './number-ranges.ts'
import { copyMongoStore } from './mongo-copy.ts'
import { readPlaces } from './places.ts'
import { type AuditResult, createReport, type Report } from './report.ts'
import { openStore, type StoreReader } from './store-reader.ts'
import { checkWindows } from './windows.ts'

/** How far an audit is. */
export interface Progress {
  readonly stream: number
  readonly streams: number
  readonly readings: number
}

export interface AuditOptions {
  readonly storePath: string
  readonly logPath: string
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  readonly progress?: (progress: Progress) => void
}

/**
 * Recomputes everything that the store holds from its raw entries, as of one moment, and compares. Disturbs nobody: the
 * files are opened to read. Throws `store-unusable` or `log-unusable` when they cannot be.
 */
export function runAudit(options: AuditOptions): AuditResult {
  const { storePath, logPath, now } = options
  const started = now()
  try {
    return audit(openStore(storePath), options, started)
  } catch (error) {
    throw explainDamage(error, { store: storePath, log: logPath })
  }
}

/** The same of a store in MongoDB, by its URL. It is copied first, into a file that ends with the audit. */
export async function runMongoAudit(
  options: Omit<AuditOptions, 'storePath'> & { readonly storeUrl: string },
): Promise<AuditResult> {
  const started = options.now()
  return audit(await copyMongoStore(options.storeUrl), options, started)
}

function audit(
  store: StoreReader,
  { logPath, now, progress = () => {} }: Omit<AuditOptions, 'storePath'>,
  started: number,
): AuditResult {
  try {
    const log = openLog(logPath)
    try {
      const report = createReport(levels)
      const places = readPlaces(store, log, report)
      const streams = store.streams()
      const calendar = createCalendar()
      let readings = 0
      streams.forEach(({ device, sensor }, i) => {
        const checkpoint = places.checkpointOf(device)
        const tell = (more: number): void => {
          readings += more
          progress({ stream: i + 1, streams: streams.length, readings })
        }
        tell(0)
        const expired = checkEpochs({ store, report, device, sensor, checkpoint, logged: places.logged })
        checkWindows({ store, report, places, calendar, device, sensor, expired, progress: tell })
      })
      for (const [id, numbers] of places.logged.rest()) {
        report.differ({
          collection: 'epochs',
          id,
          field: 'seen',
          stored: 'absent',
          recomputed: rangeWords(numbers),
        })
        report.find(aheadWords(id, numbers))
      }
      checkStrays(store, report)
      return report.result((now() - started) / 1000, places.recordsAhead)
    } finally {
      log.close()
    }
  } finally {
    store.close()
  }
}

/** Every document was looked at: none is filed where nobody would find it. */
function checkStrays(store: StoreReader, report: Report): void {
  for (const { id, level } of store.rollupsBeside(levels))
    report.differ({ collection: 'rollups', id, field: 'level', stored: level, recomputed: levels.join(', ') })
  const { counts } = report
  const rollups = Object.values(counts.rollups).reduce((sum, count) => sum + count, 0)
  const looked = { streams: counts.streams, epochs: counts.epochs, readings: counts.buckets, rollups }
  for (const [collection, count] of Object.entries({ ...looked, summaries: counts.summaries }) as [
    keyof typeof looked | 'summaries',
    number,
  ][])
    report.compare({ collection, id: '*', field: 'documents looked at' }, store.count(collection), count)
}
