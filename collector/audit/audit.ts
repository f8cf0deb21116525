import { createCalendar, levels } from './calendar.ts'
import { checkEpochs } from './epochs.ts'
import { explainDamage } from './file.ts'
import { aheadWords } from './findings.ts'
import type { KafkaLogPlace } from './kafka-copy.ts'
import { type LogReader, openLog } from './log-reader.ts'
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

interface Watched {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  readonly progress?: (progress: Progress) => void
}

export interface AuditOptions extends Watched {
  readonly storePath: string
  readonly logPath: string
}

/**
 * Recomputes everything that the store holds from its raw entries, as of one moment, and compares. Disturbs nobody: the
 * files are opened to read. Throws `store-unusable` or `log-unusable` when they cannot be.
 */
export function runAudit({ storePath, logPath, ...watched }: AuditOptions): AuditResult {
  const started = watched.now()
  try {
    const store = openStore(storePath)
    try {
      const log = openLog(logPath)
      try {
        return audit(store, log, watched, started)
      } finally {
        log.close()
      }
    } finally {
      store.close()
    }
  } catch (error) {
    throw explainDamage(error, { store: storePath, log: logPath })
  }
}

/** What is a file is opened by its path; what a server keeps is copied first, into a file that ends with the audit. */
export interface ServerAuditOptions extends Watched {
  /** `rollupsUrl`: the windows are not its own, but those of the Spark job in that database. */
  readonly store:
    | { readonly path: string }
    | { readonly url: string; readonly rollupsUrl?: string | undefined }
  readonly log: { readonly path: string } | KafkaLogPlace
}

/** The same of a store in MongoDB, a log in Kafka, or both. */
export async function runServerAudit({ store, log, ...watched }: ServerAuditOptions): Promise<AuditResult> {
  const started = watched.now()
  const opened: { close(): void }[] = []
  const keep = <T extends { close(): void }>(one: T): T => {
    opened.push(one)
    return one
  }
  try {
    // The store first: the log then holds all that it was folded from.
    const stored = keep(
      'url' in store ? await copyMongoStore(store.url, store.rollupsUrl) : openStore(store.path),
    )
    const logged = keep('path' in log ? openLog(log.path) : await copyLog(log))
    return audit(stored, logged, watched, started)
  } catch (error) {
    throw explainDamage(error, {
      ...('path' in store ? { store: store.path } : {}),
      ...('path' in log ? { log: log.path } : {}),
    })
  } finally {
    for (const one of opened) one.close()
  }
}

/** The client is loaded only by those who have a Kafka. */
const copyLog = async (place: KafkaLogPlace): Promise<LogReader> =>
  (await import('./kafka-copy.ts')).copyKafkaLog(place)

function audit(
  store: StoreReader,
  log: LogReader,
  { now, progress = () => {} }: Watched,
  started: number,
): AuditResult {
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
