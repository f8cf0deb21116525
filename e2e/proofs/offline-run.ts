import { join } from 'node:path'
import { decodeBatch, lastOf, sizeOf } from '@barograph/proto'
import Database from 'better-sqlite3'
import { epochKey, readStore, type StoreContent } from '../chaos/judge/store.ts'
import { findWrongWindows } from '../chaos/judge/windows.ts'
import { createAgent } from '../harness/agent.ts'
import { createCollector } from '../harness/collector.ts'
import { eventually } from '../harness/wait.ts'
import { fillBuffer, offlineDevice, type OfflineDevice, offlineThousandths } from './offline-device.ts'

/** What came out of a device's return. */
export interface OfflineReport {
  readonly backlog: number
  /** Backlog entries that are stored once, with the value that was accepted. */
  readonly storedOnce: number
  /** Live entries that came while the backlog drained. */
  readonly live: number
  /** Most backlog entries in the log between two live ones. */
  readonly longestStretch: number
  /** Tenths of the backlog without a live entry among them. */
  readonly tenthsWithoutLive: number
  /** Live entries that came later than one that was accepted after them. */
  readonly liveOutOfOrder: number
  /** Entries of the backlog that the log took in a second, over the whole time. */
  readonly perSecond: number
  /** The most in any ten seconds, by the second. */
  readonly mostPerSecond: number
  readonly wrongWindows: readonly string[]
  /** What the audit complained of; empty: nothing. */
  readonly audit: string
}

export interface OfflineOptions {
  readonly folder: string
  readonly seconds: number
  readonly sensors: number
  readonly backfillPerSecond: number
  readonly limitMs: number
  readonly say: (words: string) => void
  readonly signal?: AbortSignal
}

/** A device comes back after a time offline, with all of it in its buffer, and samples on. */
export async function runOffline(options: OfflineOptions): Promise<OfflineReport> {
  const { folder, seconds, sensors, limitMs, say, signal } = options
  const device = offlineDevice({ ...options, nowMs: Date.now() })
  say(`writing ${seconds * sensors} readings into the buffer`)
  await fillBuffer(device)
  const collector = await createCollector({ folder, env: { BAROGRAPH_LOG_PARTITIONS: '1' } })
  await collector.start()
  const agent = createAgent({ folder, name: device.device, yaml: device.yaml, broker: collector.broker })
  agent.start()
  say('the device is back')
  let said = 0
  await eventually(
    'the backlog is stored',
    () => {
      signal?.throwIfAborted()
      const waiting = backlogOf(device)
      if (Date.now() - said > 20_000) {
        said = Date.now()
        say(`${waiting} entries wait`)
      }
      return waiting === 0
    },
    limitMs,
  )
  await agent.stop()
  await collector.stop()
  say('adding up')
  const audit = await collector.audit()
  return {
    ...arrivalsOf(folder, device),
    ...figuresOf(readStore(join(folder, 'store.db')), device),
    audit: audit.code === 0 ? '' : audit.stdout + audit.stderr,
  }
}

/** Entries of the time offline that are still in the buffer. */
function backlogOf({ bufferPath, epoch }: OfflineDevice): number {
  const db = new Database(bufferPath, { readonly: true })
  try {
    return (
      db
        .prepare<[string], number>(
          'SELECT count(*) FROM entries WHERE stream IN (SELECT id FROM streams WHERE epoch = ?)',
        )
        .pluck()
        .get(epoch) ?? 0
    )
  } finally {
    db.close()
  }
}

type Arrivals = Pick<
  OfflineReport,
  'live' | 'longestStretch' | 'tenthsWithoutLive' | 'liveOutOfOrder' | 'perSecond' | 'mostPerSecond'
>

/** What the log tells by the order of its records, and by the time at which it took them. */
function arrivalsOf(folder: string, { epoch, seconds, sensors }: OfflineDevice): Arrivals {
  const backlog = seconds * sensors.length
  const perSecond = new Map<number, number>()
  const firstSeq = new Map<string, number>()
  const lastSeq = new Map<string, number>()
  const tenths = new Set<number>()
  let come = 0
  let live = 0
  let stretch = 0
  let longestStretch = 0
  let liveOutOfOrder = 0
  let firstAt = 0
  let lastAt = 0
  for (const { ingest, batch } of recordsOf(folder))
    for (const run of batch.runs) {
      const count = run.times.length
      if (run.epoch === epoch) {
        firstAt ||= ingest
        lastAt = ingest
        come += count
        stretch += count
        longestStretch = Math.max(longestStretch, stretch)
        const second = Math.floor(ingest / 1_000)
        perSecond.set(second, (perSecond.get(second) ?? 0) + count)
        continue
      }
      const key = `${run.sensor} ${run.epoch}`
      // What it sampled before it was connected is backlog as well, and comes behind the rest of it.
      const begins = firstSeq.get(key) ?? run.firstSeq
      firstSeq.set(key, begins)
      if (run.firstSeq < begins) continue
      if (run.firstSeq <= (lastSeq.get(key) ?? 0)) liveOutOfOrder += count
      lastSeq.set(key, Math.max(lastSeq.get(key) ?? 0, run.firstSeq + count - 1))
      if (come === 0 || come >= backlog) continue
      live += count
      stretch = 0
      tenths.add(Math.floor((10 * come) / backlog))
    }
  const most = Math.max(...[...perSecond.keys()].map((second) => sumOf(perSecond, second, 10)))
  return {
    live,
    longestStretch,
    tenthsWithoutLive: 10 - tenths.size,
    liveOutOfOrder,
    perSecond: (come * 1_000) / Math.max(1, lastAt - firstAt),
    mostPerSecond: most / 10,
  }
}

const sumOf = (perSecond: ReadonlyMap<number, number>, from: number, seconds: number): number =>
  Array.from({ length: seconds }, (_, i) => perSecond.get(from + i) ?? 0).reduce((a, b) => a + b, 0)

function* recordsOf(folder: string) {
  const db = new Database(join(folder, 'log.db'), { readonly: true })
  try {
    const rows = db
      .prepare<[], { ingest: number; value: Uint8Array }>(
        "SELECT ingest, value FROM records WHERE kind = 'batch' ORDER BY key",
      )
      .iterate()
    for (const { ingest, value } of rows) yield { ingest, batch: decodeBatch(value) }
  } finally {
    db.close()
  }
}

function figuresOf(
  store: StoreContent,
  { device, sensors, seconds, startMs, epoch }: OfflineDevice,
): Pick<OfflineReport, 'backlog' | 'storedOnce' | 'wrongWindows'> {
  let storedOnce = 0
  for (const reading of store.readings) {
    if (reading.epoch !== epoch) continue
    const sensor = reading.stream.split('/')[1] ?? ''
    const isSame =
      reading.time === startMs + (reading.seq - 1) * 1_000 &&
      reading.thousandths === offlineThousandths(sensor, reading.seq)
    if (isSame && reading.counts) storedOnce++
  }
  for (const sensor of sensors) {
    const known = store.epochs.get(epochKey(`${device}/${sensor}`, epoch))
    if (
      !known ||
      sizeOf(known.stored) !== seconds ||
      lastOf(known.stored) !== seconds ||
      known.twice.length > 0
    )
      throw new Error(`of ${sensor} ${sizeOf(known?.stored ?? [])} numbers are stored instead of ${seconds}`)
  }
  const wrong = findWrongWindows(store.readings, store.windows, () => 'America/New_York')
  return {
    backlog: seconds * sensors.length,
    storedOnce,
    wrongWindows: wrong.map(
      ({ stream, level, start, why }) => `${stream} ${level} ${new Date(start).toISOString()}: ${why}`,
    ),
  }
}
