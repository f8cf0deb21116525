import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '@barograph/proto'
import Database from 'better-sqlite3'
import type { BucketDocument, Collections } from '../../collector/core/documents.ts'
import { createSqliteStore } from '../../collector/store/sqlite.ts'
import { collectorProgram } from '../harness/process.ts'
import type { Bench, Row, Size } from './bench.ts'
import { memoryOf } from './memory.ts'

const devices = 8
const sensor = 'bme280'
const epoch = '00000000000000aa'
const begin = Date.UTC(2026, 0, 1)
const perBucket = limits.entriesPerBucket
const o = { g: 0, n: 1 }
const metrics = {
  temperature: { unit: 'degC', kind: 'level' },
  humidity: { unit: '%RH', kind: 'level' },
  pressure: { unit: 'hPa', kind: 'level' },
} as const

/** A reading each second; values that wander as weather does. */
function bucketOf(device: string, index: number): BucketDocument {
  const first = index * perBucket
  const slots = Array.from({ length: perBucket }, (_, i) => first + i)
  const valuesOf = (middle: number, swing: number, period: number) =>
    slots.map((n) => middle + Math.round(swing * Math.sin(n / period)) + ((n * 7_919) % 11))
  return {
    id: `${device}/${sensor}/${epoch}/${index}`,
    o,
    device,
    sensor,
    epoch,
    index,
    firstTime: begin + first * 1_000,
    lastTime: begin + (first + perBucket - 1) * 1_000,
    times: slots.map((n) => begin + n * 1_000),
    columns: {
      temperature: { ...metrics.temperature, values: valuesOf(12_000, 8_000, 13_750) },
      humidity: { ...metrics.humidity, values: valuesOf(60_000, 20_000, 11_000) },
      pressure: { ...metrics.pressure, values: valuesOf(1_013_000, 9_000, 90_000) },
    },
    intervals: [[first + 1, first + perBucket, 1_000]],
    marks: [],
    events: [{ first: first + 1, last: first + perBucket, at: o, what: 'arrived' }],
    summaries: [],
    newestIngest: begin,
  }
}

/** Through the store's own calls, as the roll writes; without a roll it takes a tenth of the time. */
async function fill(path: string, buckets: number): Promise<void> {
  const store = createSqliteStore({ path })
  try {
    await store.beginLife('bench')
    for (let d = 0; d < devices; d++) {
      const device = `station-${d}`
      for (let i = 0; i < buckets; i += 64)
        await store.write(
          'readings',
          Array.from({ length: Math.min(64, buckets - i) }, (_, k) => bucketOf(device, i + k)),
        )
      await store.write('epochs', [epochDocument(device, buckets * perBucket)])
      await store.write('streams', [streamDocument(device, buckets * perBucket)])
      await store.write('devices', [deviceDocument(device)])
    }
  } finally {
    await store.close()
  }
}

const epochDocument = (device: string, last: number): Collections['epochs'] => ({
  id: `${device}/${sensor}/${epoch}`,
  o,
  device,
  sensor,
  epoch,
  seen: [1, last],
  expired: [],
  quarantined: {},
  lost: {},
  refused: {},
  ended: null,
  accepted: last,
  firstIngest: begin,
})

const streamDocument = (device: string, count: number): Collections['streams'] => ({
  id: `${device}/${sensor}`,
  o,
  device,
  sensor,
  largestTime: begin + (count - 1) * 1_000,
  smallestTime: begin,
  intervalMs: 1_000,
  metrics,
  latest: null,
  mark: null,
  lateRecords: 0,
  expiredBefore: {},
  lags: [],
})

const deviceDocument = (device: string): Collections['devices'] => ({
  id: device,
  o,
  device,
  partition: 0,
  sites: [],
  online: true,
  statusAt: begin,
  agentVersion: '0.1.0',
  location: '',
  state: '',
  batteryPercent: null,
  sensors: [],
  primary: [],
  lastIngest: begin,
  clock: 'synced',
  sealedUntil: {},
})

interface Measured {
  readonly rate: number
  readonly rssMb: number
  readonly bytes: number
}

/** The command itself, as a process of its own; its memory at its peak. */
async function measure(folder: string, format: string, readings: number): Promise<Measured> {
  const out = join(folder, `out.${format}`)
  const begun = performance.now()
  const child = spawn(process.execPath, [collectorProgram, 'export', '--out', out, '--json'], {
    cwd: folder,
    env: { ...process.env, BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  let rssMb = 0
  const look = setInterval(() => {
    try {
      rssMb = Math.max(rssMb, memoryOf(child.pid as number).peak)
    } catch {
      // It has ended.
    }
  }, 20)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(look)
  const seconds = (performance.now() - begun) / 1_000
  const { rows } = JSON.parse(said || '{}') as { rows?: number }
  // Nothing counts that is not in the file.
  if (code !== 0 || rows !== readings) throw new Error(`${format}: exit ${code}, ${rows} of ${readings} rows`)
  const bytes = statSync(out).size
  rmSync(out)
  return { rate: readings / seconds, rssMb, bytes }
}

/** What any reader of the store has to do: SQLite hands out every bucket, and JSON becomes numbers. */
function scanBuckets(path: string, readings: number): number {
  const db = new Database(path, { readonly: true })
  const begun = performance.now()
  let seen = 0
  for (const body of db.prepare<[], string>('SELECT body FROM readings').pluck().iterate())
    seen += (JSON.parse(body) as BucketDocument).times.length
  db.close()
  if (seen !== readings) throw new Error(`the scan saw ${seen} of ${readings}`)
  return readings / ((performance.now() - begun) / 1_000)
}

/** The bytes of the store, read and thrown away. */
function readBytes(path: string, readings: number): number {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(1 << 20)
  const begun = performance.now()
  while (readSync(file, buffer) > 0);
  closeSync(file)
  return readings / ((performance.now() - begun) / 1_000)
}

export const exporting: Bench = {
  name: 'export',
  notes:
    'Of the memory some 60 MB are Node and its libraries, mapped from files, and as many are the program itself before it reads ' +
    'anything.',
  title: `Export of raw readings: ${devices} devices with three metrics, from SQLite to a file`,
  async run(size: Size): Promise<Row[]> {
    const buckets = size === 'full' ? 4_883 : 8
    const readings = devices * buckets * perBucket
    const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
    try {
      const path = join(folder, 'store.db')
      await fill(path, buckets)
      const scan = scanBuckets(path, readings)
      const rows: Row[] = [
        { what: 'readings', value: readings, unit: 'rows', goal: '10,000,000' },
        { what: 'the bytes of the store, read', value: readBytes(path, readings), unit: 'readings/s' },
      ]
      for (const format of ['csv', 'jsonl', 'parquet']) {
        const { rate, rssMb, bytes } = await measure(folder, format, readings)
        const against = { what: 'SQLite and JSON.parse alone', value: scan }
        rows.push(
          { what: `export as ${format}`, value: rate, unit: 'rows/s', against },
          { what: `its peak memory, ${format}`, value: rssMb, unit: 'MB RSS', goal: '< 200' },
          { what: `its size, ${format}`, value: bytes / readings, unit: 'bytes per row' },
        )
      }
      return rows
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
