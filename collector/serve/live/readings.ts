import { type Batch, isCoded, metricKey, type Run } from '@barograph/proto'
import type { ApiEntry } from '@barograph/proto/api'
import { formatTime } from '../../core/iso-time.ts'
import type { Log, LogRecord } from '../../core/log.ts'
import { metricNames } from '../../core/metric-names.ts'
import { decodeRecord } from '../../core/record.ts'
import type { ServeLogger } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { markKind, valuesView } from '../views/entries.ts'

/** The newest live entries of one stream since they were last taken. */
export interface LiveStream {
  readonly device: string
  readonly sensor: string
  readonly entries: readonly ApiEntry[]
  /** Older ones that were left out. */
  readonly skipped: number
}

export interface LiveReadingsSource {
  /** What came since the last call, by stream. */
  take(): readonly LiveStream[]
  close(): Promise<void>
}

interface Timed {
  readonly time: number
  readonly entry: ApiEntry
}

interface Gathered {
  readonly device: string
  readonly sensor: string
  readonly entries: Timed[]
  skipped: number
}

const idleMs = 1_000
const recordsPerRead = 200
const retryAfterMs = 1_000

/** Follows the log from its end and keeps the newest entries of each stream; decodes only while somebody listens. */
export function followReadings({
  log,
  isWanted,
  logger,
}: {
  log: Log
  isWanted: () => boolean
  logger: ServeLogger
}): LiveReadingsSource {
  const stop = new AbortController()
  let streams = new Map<string, Gathered>()

  function note(record: LogRecord): void {
    const decoded = record.kind === 'batch' ? decodeRecord(record, 0) : null
    if (decoded?.kind !== 'batch') return
    const { batch, device, quarantineAfterMs } = decoded
    for (const run of batch.runs) noteRun(device, run, batch.clock, quarantineAfterMs)
  }

  function noteRun(device: string, run: Run, clock: Batch['clock'], quarantineAfterMs: number | null): void {
    const id = `${device}/${run.sensor}`
    const stream = streams.get(id) ?? { device, sensor: run.sensor, entries: [], skipped: 0 }
    streams.set(id, stream)
    const first = Math.max(0, run.times.length - serveLimits.readingsPerStream)
    stream.skipped += first
    stream.entries.push(...entriesOf(run, first, clock, quarantineAfterMs))
    const excess = stream.entries.length - serveLimits.readingsPerStream
    if (excess <= 0) return
    stream.entries.sort((a, b) => a.time - b.time || a.entry.seq - b.entry.seq).splice(0, excess)
    stream.skipped += excess
  }

  async function follow(partition: number): Promise<void> {
    let from: number | null = null
    let said: string | null = null
    while (!stop.signal.aborted) {
      try {
        from ??= (await log.extent(partition)).next
        const options = { signal: stop.signal, idleMs, limit: recordsPerRead }
        for await (const records of log.follow(partition, from, options)) {
          if (isWanted()) records.forEach(note)
          const last = records.at(-1)
          if (last) from = last.offset + 1
          said = null
        }
      } catch (error) {
        if (!isCoded(error)) throw error
        if (error.code !== said)
          logger.warn({ partition, code: error.code }, `live readings wait for the log: ${error.message}`)
        said = error.code
        await pause(retryAfterMs, stop.signal)
      }
    }
  }

  const following = Array.from({ length: log.partitions }, (_, partition) => follow(partition))

  return {
    take() {
      const taken = [...streams.values()]
      streams = new Map()
      return taken.map((stream) => ({ ...stream, entries: stream.entries.map(({ entry }) => entry) }))
    },
    async close() {
      stop.abort()
      await Promise.all(following)
    },
  }
}

/** The entries of a run from an index on, as outsiders see them. */
function entriesOf(
  run: Run,
  first: number,
  clock: Batch['clock'],
  quarantineAfterMs: number | null,
): Timed[] {
  const nameOf = metricNames(run.columns.map(({ metric }) => metricKey(metric)))
  const entries: Timed[] = []
  for (let i = first; i < run.times.length; i++) {
    const time = run.times[i] as number
    const at = { time: formatTime(time), epoch: run.epoch, seq: run.firstSeq + i }
    const why = quarantineReason(time, clock, quarantineAfterMs)
    const quarantined = why === null ? {} : { quarantined: why }
    const mark = run.marks.find((one) => one.index === i)
    const entry: ApiEntry = mark
      ? { kind: markKind(mark.kind), ...at, code: mark.code, detail: mark.detail, ...quarantined }
      : { kind: 'reading', ...at, ...valuesView(valuesAt(run, i), nameOf), ...quarantined }
    entries.push({ time, entry })
  }
  return entries
}

function valuesAt({ columns }: Run, i: number): Record<string, readonly [number, number]> {
  const values: Record<string, readonly [number, number]> = {}
  for (const { metric, values: column, flags } of columns) {
    const value = column[i] as number
    if (!Number.isNaN(value)) values[metricKey(metric)] = [value, flags?.[i] ?? 0]
  }
  return values
}

/** The words that the roll files the same entries under. */
function quarantineReason(time: number, clock: Batch['clock'], afterMs: number | null): string | null {
  if (clock === 'uncertain') return 'time uncertain'
  return afterMs !== null && time > afterMs ? 'in the future' : null
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
