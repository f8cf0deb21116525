// What leaves a real store as files, read by DuckDB, against what was sent.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { flagWords, flags, isInvalid } from '@barograph/proto'
import type { ApiRollup } from '@barograph/proto/api'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Level } from '../core/documents.ts'
import { entryLimits, readEntries } from '../core/export/entries.ts'
import { readExport } from '../core/export/read.ts'
import type { ExportFormat, ExportRequest } from '../core/export/request.ts'
import type { Chunk, CreateEncoder } from '../core/export/table.ts'
import { createCsv, createJsonLines } from '../core/export/text.ts'
import { createParquet } from '../files/parquet.ts'
import { duckdb, sqlText } from './duckdb.ts'
import { createRig, get, type Rig, run, site } from './serve-rig.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const hourMs = 3_600_000
const begin = Date.UTC(2025, 2, 8, 20)
const everything: ExportRequest = {
  level: 'raw',
  devices: null,
  sensors: null,
  metrics: null,
  from: null,
  to: null,
}
const encoders: Readonly<Record<ExportFormat, CreateEncoder>> = {
  csv: createCsv,
  jsonl: createJsonLines,
  parquet: createParquet,
}
const formats = ['csv', 'jsonl', 'parquet'] as const

function newRig(): Rig {
  const rig = createRig()
  onTestFinished(() => rig.close())
  return rig
}

const pause = async (): Promise<void> => {}

/** Writes an export into a file of the rig's folder, in small pieces. */
async function write(
  rig: Rig,
  format: ExportFormat,
  request: ExportRequest,
  rowsPerBatch = 7,
): Promise<string> {
  const { columns, rows } = await readExport(rig.store, request, { rowsPerBatch, pause })
  const encoder = encoders[format](columns)
  const chunks: Chunk[] = [encoder.begin()]
  for await (const batch of rows) chunks.push(encoder.rows(batch))
  chunks.push(encoder.end())
  const path = join(rig.folder, `export.${format}`)
  writeFileSync(path, Buffer.concat(chunks.map((chunk) => Buffer.from(chunk as Uint8Array))))
  return path
}

/** The columns that need no guess about their type. */
const readers: Readonly<Record<ExportFormat, (path: string) => string>> = {
  csv: (path) => `read_csv(${sqlText(path)}, header = true, all_varchar = true)`,
  jsonl: (path) => `read_json(${sqlText(path)}, format = 'newline_delimited')`,
  parquet: (path) => `read_parquet(${sqlText(path)})`,
}

/** Each row in one form, whatever the format tells of types: text, and nothing where there is nothing. */
async function rowsOf(format: ExportFormat, path: string, order: string): Promise<Record<string, unknown>[]> {
  const rows = await duckdb(`SELECT * FROM ${readers[format](path)} ${order}`)
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => [name, plain(name, value)]),
    ),
  )
}

function plain(name: string, value: unknown): unknown {
  const text = String(value)
  if (/^(time|start|end|.*_(at|start|time))$/.test(name)) {
    // 2025-03-08 20:00:00+00, 2025-03-08T20:00:00Z, and what the site's clock shows
    const moment = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?/.exec(text)
    if (moment) return Date.parse(`${moment[1]}T${moment[2]}${(moment[3] ?? '').slice(0, 4)}Z`)
  }
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) && name !== 'epoch' ? Number(text) : text
}

interface Sent {
  readonly device: string
  readonly sensor: string
  readonly seq: number
  /** Quarters of an hour after the beginning. */
  readonly quarter: number
  readonly temperature: number | null
  readonly humidity: number | null
  readonly flag: number
  /** Sent so often. */
  readonly times: number
}

const epochs = ['00000000000000aa', '00000000000000bb']
const newYork = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'America/New_York',
  dateStyle: 'short',
  timeStyle: 'medium',
})

const sentReadings = fc
  .array(
    fc.record({
      device: fc.constantFrom('balcony', 'cellar'),
      sensor: fc.constantFrom('attic', 'bme280'),
      quarter: fc.integer({ min: 0, max: 400 }),
      temperature: fc.option(fc.integer({ min: -50_000, max: 50_000 })),
      humidity: fc.option(fc.integer({ min: 0, max: 100_000 })),
      flag: fc.constantFrom(0, 0, 0, flags.stuck, flags.badChecksum),
      times: fc.constantFrom(1, 1, 2),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((list): Sent[] => {
    const seqs = new Map<string, number>()
    return list.map((one) => {
      const key = `${one.device}/${one.sensor}`
      const seq = (seqs.get(key) ?? 0) + 1
      seqs.set(key, seq)
      return { ...one, seq }
    })
  })

/** Each reading as a run of its own, in whatever order. */
async function send(rig: Rig, readings: readonly Sent[]): Promise<void> {
  for (const { device, sensor, seq, quarter, temperature, humidity, flag, times } of readings)
    for (let i = 0; i < times; i++) {
      const values = {
        ...(temperature === null ? {} : { temperature: [temperature] }),
        ...(humidity === null ? {} : { humidity: [humidity] }),
      }
      const start = begin + quarter * hourMs * 0.25
      const part = run({ sensor, firstSeq: seq, start, intervalMs: hourMs / 4, values })
      const columns = part.columns.map((column) =>
        flag !== 0 && column.metric.name === 'temperature'
          ? { ...column, flags: Uint8Array.of(flag) }
          : column,
      )
      // Without a metric there would be no entry at all.
      const times = Float64Array.of(start)
      await rig.sendBatch(
        device,
        { clock: 'historical', site, runs: [{ ...part, times, columns, epoch: epochs[seq % 2] as string }] },
        { ingestMs: begin + 200 * hourMs },
      )
    }
}

function expectedOf(readings: readonly Sent[]): Record<string, unknown>[] {
  return readings
    .map((one) => {
      const time = begin + one.quarter * hourMs * 0.25
      const flag = one.temperature !== null && one.flag !== 0 ? one.flag : 0
      return {
        device: one.device,
        sensor: one.sensor,
        time,
        local_time: Date.parse(`${newYork.format(time).replace(' ', 'T')}Z`),
        time_zone: 'America/New_York',
        kind: 'reading',
        ...(one.temperature === null ? {} : { temperature: one.temperature / 1_000 }),
        ...(flag === 0
          ? {}
          : { temperature_flag: `${isInvalid(flag) ? 'invalid' : 'suspect'}: ${flagWords(flag)}` }),
        ...(one.humidity === null ? {} : { humidity: one.humidity / 1_000 }),
        epoch: epochs[one.seq % 2] as string,
        seq: one.seq,
      }
    })
    .sort(
      (a, b) =>
        compare(a.device, b.device) ||
        compare(a.sensor, b.sensor) ||
        a.time - b.time ||
        compare(a.epoch, b.epoch) ||
        a.seq - b.seq,
    )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

test('every reading is in the file once, in order and as it was sent, in each format', async () => {
  await fc.assert(
    fc.asyncProperty(sentReadings, async (readings) => {
      const rig = createRig()
      try {
        await send(rig, readings)
        await rig.fold()
        for (const format of formats) {
          const path = await write(rig, format, everything)
          expect(await rowsOf(format, path, ''), format).toEqual(expectedOf(readings))
        }
      } finally {
        await rig.close()
      }
    }),
    { numRuns: 12, seed: 6 },
  )
})

/** One run of an hour's quarters from that one on. */
async function sendRun(rig: Rig, firstSeq: number, quarters: readonly number[]): Promise<void> {
  const values = { temperature: quarters.map((quarter) => quarter * 100) }
  const part = run({ sensor: 'attic', firstSeq, intervalMs: hourMs / 4, values })
  const times = Float64Array.from(quarters, (quarter) => begin + quarter * hourMs * 0.25)
  await rig.sendBatch(
    'balcony',
    { clock: 'historical', site, runs: [{ ...part, times }] },
    { ingestMs: begin + 9_000 * hourMs },
  )
}

const asked = {
  device: 'balcony',
  sensor: 'attic',
  from: begin,
  to: begin + 20_000 * hourMs,
  keys: ['temperature'],
}

test('few entries are held, also where the buckets of a stream lie one above the other', async () => {
  const rig = newRig()
  // Each bucket reaches over the whole time: the order of the numbers is none in time.
  const quarters = Array.from({ length: 3_000 }, (_, i) => (i * 1_117) % 3_000)
  for (let i = 0; i < quarters.length; i += 500) await sendRun(rig, i + 1, quarters.slice(i, i + 500))
  await rig.fold()
  const bounds = { buckets: 2, waiting: 600, changes: 3 }
  const found: number[] = []
  let most = 0
  for await (const entries of readEntries(rig.store, asked, bounds)) {
    most = Math.max(most, entries.length)
    for (const { values } of entries) found.push((values[0] ?? Number.NaN) / 100)
  }
  expect(found).toEqual(Array.from({ length: 3_000 }, (_, i) => i))
  expect(most).toBeLessThanOrEqual(600 + 256)
})

test('what is there when it begins is in it once, while late readings move its buckets', async () => {
  const rig = newRig()
  // Twelve buckets with room before each: their first numbers come late.
  const inTime: { seq: number; quarter: number }[] = []
  const late: { seq: number; quarter: number }[] = []
  for (let bucket = 0; bucket < 12; bucket++)
    for (let i = 0; i < 256; i += 16) {
      const one = { seq: bucket * 256 + i + 1, quarter: 1_000 + bucket * 256 + i }
      if (i === 0) late.push({ ...one, quarter: one.quarter - 900 })
      else inTime.push(one)
    }
  for (const { seq, quarter } of inTime) await sendRun(rig, seq, [quarter])
  await rig.fold()
  const bounds = { ...entryLimits, buckets: 2 }
  const found: { seq: number; quarter: number }[] = []
  for await (const entries of readEntries(rig.store, asked, bounds)) {
    for (const { seq, time } of entries) found.push({ seq, quarter: (time - begin) / (hourMs / 4) })
    // Half of what is left moves to before the place that is reached.
    for (const one of late.splice(0, 3)) await sendRun(rig, one.seq, [one.quarter])
    await rig.fold()
  }
  const isEarly = ({ quarter }: { quarter: number }) => inTime.some((one) => one.quarter === quarter)
  expect(late).toEqual([])
  expect(found.filter(isEarly)).toEqual(inTime)
  // Of those that came meanwhile some may be there; nothing is twice, and the order holds.
  expect(new Set(found.map(({ seq }) => seq)).size).toBe(found.length)
  expect(found.map(({ quarter }) => quarter)).toEqual(
    found.map(({ quarter }) => quarter).sort((a, b) => a - b),
  )
})

describe('windows', () => {
  const levelsShown: readonly Level[] = ['hour', 'day', 'week', 'month', 'year']
  const readings: readonly Sent[] = Array.from({ length: 120 }, (_, i) => ({
    device: i % 3 === 0 ? 'cellar' : 'balcony',
    sensor: 'attic',
    seq: i + 1,
    quarter: (i * 37) % 400,
    temperature: i % 7 === 0 ? null : ((i * 7_919) % 60_000) - 20_000,
    humidity: i % 5 === 0 ? null : (i * 997) % 100_000,
    flag: i % 11 === 0 ? flags.badChecksum : 0,
    times: 1,
  }))

  test('of every level are those that the API shows', async () => {
    const rig = newRig()
    await send(rig, readings)
    await rig.fold()
    const server = await rig.start()
    for (const level of levelsShown) {
      const path = await write(rig, 'parquet', { ...everything, level })
      const rows = await rowsOf('parquet', path, '')
      const shown: Record<string, unknown>[] = []
      for (const device of ['balcony', 'cellar']) {
        const address = `/api/v1/devices/${device}/sensors/attic/rollups?level=${level}&limit=1000`
        const { body } = await get(server, address)
        const { rollups } = body as { rollups: readonly ApiRollup[] }
        for (const {
          start,
          end,
          timeZone,
          revision,
          received,
          expected,
          coverage,
          sealed,
          metrics,
        } of rollups)
          for (const [metric, { unit, ...figures }] of Object.entries(metrics).sort(([a], [b]) =>
            compare(a, b),
          ))
            shown.push({
              device,
              level,
              start: Date.parse(start),
              end: Date.parse(end),
              time_zone: timeZone,
              revision,
              received,
              expected,
              coverage,
              sealed,
              metric,
              unit,
              ...figures,
            })
      }
      expect(rows.map(shownOf), level).toEqual(shown.map(shownOf))
      expect(rows.length, level).toBeGreaterThan(1)
      for (const format of ['csv', 'jsonl'] as const)
        expect(await rowsOf(format, await write(rig, format, { ...everything, level }), ''), format).toEqual(
          rows,
        )
    }
  })
})

/** A row and a window of the API in one form. */
function shownOf(row: Record<string, unknown>): Record<string, unknown> {
  const { suspect, minAt, maxAt, min_at = null, max_at = null, ...rest } = row
  const parts = Object.fromEntries(
    (['highest', 'lowest'] as const).map((word) => {
      const [, part] = Object.entries(row).find(([name]) => new RegExp(`^${word}[A-Z]`).test(name)) ?? []
      const { start, mean, sum } = (part ?? {}) as { start?: string; mean?: number; sum?: number }
      return [
        word,
        start === undefined ? [row[word], row[`${word}_start`]] : [mean ?? sum, Date.parse(start)],
      ]
    }),
  )
  const time = (value: unknown): number | null => (typeof value === 'string' ? Date.parse(value) : null)
  const { device, level, start, end, time_zone, revision, received, expected, coverage, sealed } = rest
  const { metric, unit, count, flagged, sum, mean, min, max, first, last } = rest
  return {
    device,
    level,
    start,
    end,
    time_zone,
    revision,
    received,
    expected,
    coverage,
    sealed,
    metric,
    unit,
    count,
    flagged,
    sum,
    mean: mean ?? null,
    min: min ?? null,
    max: max ?? null,
    first: first ?? null,
    last: last ?? null,
    suspect: suspect ?? 0,
    minAt: min_at ?? time(minAt),
    maxAt: max_at ?? time(maxAt),
    ...parts,
  }
}

describe('GET /api/v1/export', () => {
  test('answers what the command writes, and says what is wrong', async () => {
    const rig = newRig()
    await sendRun(rig, 1, [0, 1, 2, 300])
    await rig.fold()
    const server = await rig.start()
    const csv = await get(server, '/api/v1/export?device=balcony&to=2025-03-10')
    expect(csv.status).toBe(200)
    expect(csv.type).toBe('text/csv; charset=utf-8')
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="balcony-raw-2025-06-02.csv"')
    expect(csv.text).toBe(
      [
        'device,sensor,time,local_time,time_zone,kind,temperature,temperature_flag,quarantined,code,detail,epoch,seq',
        'balcony,attic,2025-03-08T20:00:00Z,2025-03-08T15:00:00,America/New_York,reading,0,,,,,00000000000000aa,1',
        'balcony,attic,2025-03-08T20:15:00Z,2025-03-08T15:15:00,America/New_York,reading,0.1,,,,,00000000000000aa,2',
        'balcony,attic,2025-03-08T20:30:00Z,2025-03-08T15:30:00,America/New_York,reading,0.2,,,,,00000000000000aa,3',
        '',
      ].join('\n'),
    )
    const lines = await get(server, '/api/v1/export?format=jsonl&from=2025-03-11')
    expect(JSON.parse(lines.text)).toMatchObject({ temperature: 30, seq: 4, kind: 'reading' })
    const parquet = await fetch(`${server.address}/api/v1/export?format=parquet&level=day`)
    expect(parquet.headers.get('content-type')).toBe('application/vnd.apache.parquet')
    const path = join(rig.folder, 'answer.parquet')
    writeFileSync(path, Buffer.from(await parquet.arrayBuffer()))
    expect(await duckdb(`SELECT count, max FROM read_parquet(${sqlText(path)}) ORDER BY start`)).toEqual([
      { count: '3', max: 0.2 },
      { count: '1', max: 30 },
    ])
    const head = await get(server, '/api/v1/export', { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    for (const [query, code, status] of [
      ['?level=2h', 'bad-query', 400],
      ['?format=xlsx', 'bad-query', 400],
      ['?from=yesterday', 'bad-query', 400],
      ['?device=', 'bad-query', 400],
      ['?from=2025-03-10&to=2025-03-09', 'bad-export', 400],
      ['?device=nobody', 'unknown-device', 404],
      ['?sensor=nothing', 'unknown-sensor', 404],
      ['?metric=luck', 'unknown-metric', 404],
    ] as const) {
      const answer = await get(server, `/api/v1/export${query}`)
      expect([query, answer.status, answer.body]).toMatchObject([query, status, { code }])
    }
    // None of these holds a place: all four are free.
    for (let i = 0; i < 6; i++) expect((await get(server, '/api/v1/export')).status).toBe(200)
  })
})
