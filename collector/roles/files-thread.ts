import { dirname } from 'node:path'
import { CodedError, isCoded } from '@barograph/proto'
import { partitionsIn } from '../config/kafka.ts'
import { createStatistics } from '../core/statistics/statistics.ts'
import type { Store } from '../core/store.ts'
import { prepareFolder } from '../files/atomic-file.ts'
import { createDayFiles } from '../files/day-files.ts'
import { keepFresh, type Outcome } from '../files/keep-fresh.ts'
import { createLatestFile } from '../files/latest-file.ts'
import { createStatisticsFiles } from '../files/statistics-files.ts'
import { readLatest } from '../serve/views/latest.ts'
import { systemClock } from '../system-clock.ts'
import { createOpeners } from './open.ts'
import { openPatiently, othersMs, whenMade } from './patience.ts'
import { type RunningRole, runThread, type Thread } from './thread.ts'

/** One kind of file, kept fresh by itself: what takes long holds up no other. */
interface Writer {
  /** What it is, to people: `statistics`. */
  readonly what: string
  readonly place: string
  /** Made when nothing can be written there: the program then ends. */
  readonly code: string
  readonly folder: string
  open(store: Store): Promise<{ update(): Promise<readonly unknown[]>; close?(): void }>
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Statistics of all partitions, unless fixed ones were named: whoever folds a partition now, a file here is never left behind
 * with old figures.
 */
function writersOf({ config, partitions: fixed }: Thread, signal: AbortSignal): Writer[] {
  const { stats, latest, parquet } = config.files
  const partitions = [...(fixed ?? Array.from({ length: partitionsIn(config.log) }).keys())]
  const { now } = systemClock
  const writers: Writer[] = []
  if (stats)
    writers.push({
      what: 'statistics',
      place: `statistics in ${stats.folder}`,
      code: 'files-unusable',
      folder: stats.folder,
      open: (store) => {
        const statistics = createStatistics({ ...stats, store, partitions, pause })
        return createStatisticsFiles({ folder: stats.folder, statistics, partitions, now })
      },
    })
  if (latest !== null)
    writers.push({
      what: 'newest windows',
      place: `newest windows in ${latest}`,
      code: 'files-latest-unusable',
      folder: dirname(latest),
      open: (store) => createLatestFile({ path: latest, read: () => readLatest(store, now()), now }),
    })
  if (parquet !== null)
    writers.push({
      what: 'Parquet files',
      place: `Parquet in ${parquet}`,
      code: 'files-parquet-unusable',
      folder: parquet,
      open: async (store) => createDayFiles({ folder: parquet, store, pause, now, signal }),
    })
  return writers
}

/** Writes files from the store, so that neither folding nor answering waits for them. */
async function startFiles(thread: Thread): Promise<RunningRole> {
  const { config, log: say, fail } = thread
  const ending = new AbortController()
  const writers = writersOf(thread, ending.signal)
  if (writers.length === 0) throw new Error('a files thread without files')
  for (const { folder, code } of writers)
    await prepareFolder(folder, [], systemClock.now()).catch((error: unknown) => {
      throw isCoded(error) ? new CodedError(code, error.message, hintOf(error)) : error
    })
  let store: Promise<Store> | null = null
  const openStore = (): Promise<Store> =>
    (store ??= whenMade(
      () => openPatiently(createOpeners(config).readStore, { clock: systemClock, log: say }),
      { patienceMs: othersMs, clock: systemClock },
    ).catch((error: unknown) => {
      store = null
      throw error
    }))

  function keep({ what, place, open }: Writer) {
    let files: Awaited<ReturnType<Writer['open']>> | null = null
    let trouble: string | null = null
    function report(outcome: Outcome<unknown>): void {
      const before = trouble
      trouble = 'trouble' in outcome ? outcome.trouble : null
      if (trouble !== null && trouble !== before) say.warn({}, `${what} are not written for now: ${trouble}`)
      if (trouble === null && before !== null) say.info({}, `${what} are written again`)
    }
    const done = keepFresh<unknown>({
      update: async () => (files ??= await open(await openStore())).update(),
      everyMs: config.files.everyMs,
      report,
      clock: systemClock,
      signal: ending.signal,
    }).finally(() => files?.close?.())
    done.catch(fail)
    return { done, detail: () => trouble ?? place }
  }

  const kept = writers.map(keep)
  return {
    address: null,
    // Files are no reason to send devices or readers elsewhere.
    state: () => ({
      roles: [{ role: 'files', ok: true, detail: kept.map(({ detail }) => detail()).join('; ') }],
      metrics: [],
    }),
    receive() {},
    async stop() {
      ending.abort()
      await Promise.all(kept.map(({ done }) => done.catch(() => undefined)))
      await (await store)?.close()
    },
  }
}

const hintOf = ({ hint }: CodedError): { hint?: string } => (hint === undefined ? {} : { hint })

runThread(startFiles)
