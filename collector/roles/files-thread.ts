import { CodedError, isCoded } from '@barograph/proto'
import { partitionsIn } from '../config/kafka.ts'
import { createStatistics } from '../core/statistics/statistics.ts'
import type { Store } from '../core/store.ts'
import { keepFresh, type Outcome } from '../files/keep-fresh.ts'
import { createStatisticsFiles, type StatisticsFiles } from '../files/statistics-files.ts'
import { prepareFolder } from '../files/atomic-file.ts'
import { systemClock } from '../system-clock.ts'
import { createOpeners } from './open.ts'
import { openPatiently, othersMs, whenMade } from './patience.ts'
import { type RunningRole, runThread, type Thread } from './thread.ts'

/**
 * Writes files from the store, so that neither folding nor answering waits for them. All partitions, unless fixed ones were
 * named: whoever folds a partition now, a file here is never left behind with old figures.
 */
async function startFiles({ config, partitions: fixed, log: say, fail }: Thread): Promise<RunningRole> {
  const { stats, everyMs } = config.files
  if (!stats) throw new Error('a files thread without files')
  const { folder, metric, of } = stats
  const partitions = [...(fixed ?? Array.from({ length: partitionsIn(config.log) }).keys())]
  await prepareFolder(folder, [], systemClock.now()).catch((error: unknown) => {
    throw isCoded(error) ? new CodedError('files-unusable', error.message, hintOf(error)) : error
  })
  const ending = new AbortController()
  let store: Store | null = null
  let files: StatisticsFiles | null = null
  let trouble: string | null = null

  async function open(): Promise<StatisticsFiles> {
    store ??= await whenMade(
      () => openPatiently(createOpeners(config).readStore, { clock: systemClock, log: say }),
      { patienceMs: othersMs, clock: systemClock },
    )
    const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
    const statistics = createStatistics({ store, partitions, metric, of, pause })
    return createStatisticsFiles({ folder, statistics, partitions, now: systemClock.now })
  }

  function report(outcome: Outcome): void {
    const before = trouble
    trouble = 'trouble' in outcome ? outcome.trouble : null
    if (trouble !== null && trouble !== before) say.warn({}, `statistics are not written for now: ${trouble}`)
    if (trouble === null && before !== null) say.info({}, 'statistics are written again')
  }

  const done = keepFresh({
    update: async () => (files ??= await open()).update(),
    everyMs,
    report,
    clock: systemClock,
    signal: ending.signal,
  })
  done.catch(fail)

  return {
    address: null,
    // Files are no reason to send devices or readers elsewhere.
    state: () => ({
      roles: [{ role: 'files', ok: true, detail: trouble ?? `statistics in ${folder}` }],
      metrics: [],
    }),
    receive() {},
    async stop() {
      ending.abort()
      await done.catch(() => undefined)
      await store?.close()
    },
  }
}

const hintOf = ({ hint }: CodedError): { hint?: string } => (hint === undefined ? {} : { hint })

runThread(startFiles)
