// A server over a real SQLite log and store, filled through the real fold: what a test then reads is what users read.
import { createParquet, rowsPerGroup } from '../files/parquet.ts'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Batch,
  encodeBatch,
  encodeRefusal,
  encodeStatus,
  makeBatch,
  type Metric,
  metricByName,
  type Refusal,
  type Run,
  type SensorStatus,
  type Status,
} from '@barograph/proto'
import { levels } from '../core/documents.ts'
import type { NewRecord, RecordKind } from '../core/log.ts'
import { createRoll } from '../core/roll.ts'
import { createSqliteDeadLetters } from '../log/dead-letters.ts'
import { createSqliteLog } from '../log/sqlite.ts'
import { createSqliteStore } from '../store/sqlite.ts'
import { createServer, type ProgramState, type Server, type ServerOptions } from '../serve/index.ts'

export const epoch = '00000000000000aa'
/** What the collector's clock shows in tests, unless one moves it. */
export const noon = Date.UTC(2025, 5, 2, 12)

const healthy: ProgramState = {
  roles: [{ role: 'bridge', ok: true, detail: 'connected' }],
  metrics: [{ name: 'barograph_bridge_batches_total', type: 'counter', help: 'Batches logged', value: 7 }],
}

export function createRig() {
  const folder = mkdtempSync(join(tmpdir(), 'serve-'))
  const logPath = join(folder, 'log.db')
  const log = createSqliteLog({ path: logPath, partitions: 2 })
  const storePath = join(folder, 'store.db')
  const store = createSqliteStore({ path: storePath })
  const deadLetters = createSqliteDeadLetters({ path: logPath })
  const servers: Server[] = []
  const clock = { now: noon }

  async function append(device: string, kind: RecordKind, value: Uint8Array, more: Partial<NewRecord> = {}) {
    await log.append([{ device, kind, ingestMs: clock.now, quarantineAfterMs: null, value, ...more }])
  }

  /** Folds all that is in the log. */
  async function fold(timeZone = 'UTC'): Promise<void> {
    const ending = new AbortController()
    const runs = Array.from({ length: log.partitions }, (_, partition) =>
      createRoll({
        log,
        store,
        partition,
        settings: { defaultTimeZone: timeZone, levels },
        flushIntervalMs: 1,
        publish: () => {},
        report: () => {},
        clock: { now: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
      }).run(ending.signal),
    )
    await until(async () => {
      for (let partition = 0; partition < log.partitions; partition++) {
        const { next } = await log.extent(partition)
        if (next === 0 || (await store.checkpoint(partition))?.position.n !== next) return false
      }
      return true
    })
    ending.abort()
    await Promise.all(runs)
  }

  async function start(options: Partial<ServerOptions> = {}): Promise<Server> {
    await store.beginLife(randomUUID())
    const server = await createServer({
      store,
      log,
      deadLetters,
      append: log.append,
      parquet: { create: createParquet, rowsPerGroup },
      lastAudit: async () => null,
      listen: { host: '127.0.0.1', port: 0 },
      pageFolder: join(folder, 'no-page'),
      version: '1.2.3',
      state: () => healthy,
      now: () => clock.now,
      logger: { info() {}, warn() {}, error() {} },
      pollIntervalMs: 5,
      ...options,
    })
    servers.push(server)
    return server
  }

  return {
    storePath,
    folder,
    log,
    store,
    deadLetters,
    clock,
    fold,
    start,
    append,
    sendBatch: (device: string, parts: Partial<Batch>, more: Partial<NewRecord> = {}) =>
      append(device, 'batch', encodeBatch(makeBatch(device, parts)), more),
    sendStatus: (device: string, status: Status) => append(device, 'status', encodeStatus(status)),
    sendRefusal: (refusal: Refusal) => append(refusal.device, 'refusal', encodeRefusal(refusal)),
    async close() {
      for (const server of servers) await server.close()
      await log.close()
      await deadLetters.close()
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export type Rig = ReturnType<typeof createRig>

export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 4_000; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('waited in vain')
}

const metric = (name: string): Metric => {
  const found = metricByName(name)
  if (!found) throw new Error(`no metric ${name}`)
  return found
}

/** A run of readings `intervalMs` apart, or at the times given; values in thousandths by metric. */
export function run({
  sensor = 'bme280',
  firstSeq = 1,
  start = noon,
  intervalMs = 1_000,
  values,
  ...more
}: {
  sensor?: string
  firstSeq?: number
  start?: number
  intervalMs?: number
  values: Record<string, readonly number[]>
} & Partial<Run>): Run {
  const count = Math.max(...Object.values(values).map((column) => column.length))
  return {
    sensor,
    epoch,
    intervalMs,
    firstSeq,
    times: Float64Array.from({ length: count }, (_, i) => start + i * intervalMs),
    columns: Object.entries(values).map(([name, column]) => ({
      metric: metric(name),
      values: Float64Array.from({ length: count }, (_, i) => column[i] ?? Number.NaN),
      flags: null,
    })),
    marks: [],
    ...more,
  }
}

/** A status with one sensor. */
export function status(sensor: Partial<SensorStatus> = {}, more: Partial<Status> = {}): Status {
  return {
    online: true,
    time: noon,
    agentVersion: '0.1.0',
    location: 'roof',
    state: 'all well',
    batteryPercent: 87,
    sensors: [
      {
        sensor: 'bme280',
        type: 'bme280',
        intervalMs: 1_000,
        origin: 'measured',
        epoch,
        accepted: 0,
        backlog: 0,
        fault: null,
        ...sensor,
      },
    ],
    primary: [],
    ...more,
  }
}

export const site = {
  version: 1,
  name: 'Balcony',
  latitude: 40.69,
  longitude: -74.17,
  altitudeM: 5,
  timeZone: 'America/New_York',
  validFrom: 0,
}

/** GET, with the body as text and, where it is JSON, as a value. */
export async function get(server: Server, path: string, init: RequestInit = {}) {
  const response = await fetch(server.address + path, init)
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  const body: unknown = type.includes('json') && text !== '' ? JSON.parse(text) : null
  return { status: response.status, type, headers: response.headers, text, body }
}
