// Files of days from a real store that a real roll fills, read by DuckDB.
import { existsSync, globSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { duckdb, type DuckRow, sqlText } from '../testing/duckdb.ts'
import { createRig, type Rig, run, site } from '../testing/serve-rig.ts'
import { createDayFiles, type DayFiles, pathOf } from './day-files.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const hourMs = 3_600_000
const begin = Date.UTC(2025, 2, 8, 20)

async function newRig(): Promise<Rig> {
  const rig = createRig()
  onTestFinished(() => rig.close())
  await rig.store.beginLife('a life')
  return rig
}

const newFiles = (rig: Rig, more: { signal?: AbortSignal } = {}): DayFiles =>
  createDayFiles({
    folder: join(rig.folder, 'parquet'),
    store: rig.store,
    pause: async () => {},
    now: () => 1_000_000,
    signal: new AbortController().signal,
    ...more,
  })

/** Readings at these seconds after the beginning; the value is the second. */
async function send(rig: Rig, device: string, firstSeq: number, seconds: readonly number[]): Promise<void> {
  const part = run({ sensor: 'attic', firstSeq, values: { temperature: seconds.map((n) => n % 60_000) } })
  const times = Float64Array.from(seconds, (n) => begin + n * 1_000)
  await rig.sendBatch(
    device,
    { clock: 'historical', site, runs: [{ ...part, times }] },
    { ingestMs: begin + 9_000 * hourMs },
  )
}

const read = (rig: Rig, kind: string, columns: string): Promise<readonly DuckRow[]> =>
  duckdb(`SELECT ${columns} FROM read_parquet(${sqlText(join(rig.folder, 'parquet', kind, '*/*/*.parquet'))},
    hive_partitioning = true, union_by_name = true) ORDER BY ALL`)

test('readings and windows of ten seconds lie in files by device and day, and a late reading rewrites its day', async () => {
  const rig = await newRig()
  const files = newFiles(rig)
  onTestFinished(() => files.close())
  expect(await files.update()).toEqual([])
  // Up to 20:00:25, and the next two days.
  await send(rig, 'balcony', 1, [0, 5, 25, 86_400, 172_800])
  await send(rig, 'cellar', 1, [7])
  await rig.fold()
  const paths = (days: readonly Parameters<typeof pathOf>[0][]) => days.map(pathOf).sort()
  expect(paths(await files.update())).toEqual([
    '10s/device=balcony/date=2025-03-08/10s.parquet',
    '10s/device=balcony/date=2025-03-09/10s.parquet',
    '10s/device=balcony/date=2025-03-10/10s.parquet',
    '10s/device=cellar/date=2025-03-08/10s.parquet',
    'raw/device=balcony/date=2025-03-08/raw.parquet',
    'raw/device=balcony/date=2025-03-09/raw.parquet',
    'raw/device=balcony/date=2025-03-10/raw.parquet',
    'raw/device=cellar/date=2025-03-08/raw.parquet',
  ])
  expect(await read(rig, 'raw', 'device, date, seq, temperature, time')).toEqual([
    { device: 'balcony', date: '2025-03-08', seq: '1', temperature: 0, time: '2025-03-08 20:00:00+00' },
    { device: 'balcony', date: '2025-03-08', seq: '2', temperature: 0.005, time: '2025-03-08 20:00:05+00' },
    { device: 'balcony', date: '2025-03-08', seq: '3', temperature: 0.025, time: '2025-03-08 20:00:25+00' },
    { device: 'balcony', date: '2025-03-09', seq: '4', temperature: 26.4, time: '2025-03-09 20:00:00+00' },
    { device: 'balcony', date: '2025-03-10', seq: '5', temperature: 52.8, time: '2025-03-10 20:00:00+00' },
    { device: 'cellar', date: '2025-03-08', seq: '1', temperature: 0.007, time: '2025-03-08 20:00:07+00' },
  ])
  expect(await read(rig, '10s', 'device, start, count, sum')).toEqual([
    { device: 'balcony', start: '2025-03-08 20:00:00+00', count: '2', sum: 0.005 },
    { device: 'balcony', start: '2025-03-08 20:00:20+00', count: '1', sum: 0.025 },
    { device: 'balcony', start: '2025-03-09 20:00:00+00', count: '1', sum: 26.4 },
    { device: 'balcony', start: '2025-03-10 20:00:00+00', count: '1', sum: 52.8 },
    { device: 'cellar', start: '2025-03-08 20:00:00+00', count: '1', sum: 0.007 },
  ])
  expect(await files.update()).toEqual([])
  // Three weeks late, in a bucket of its own.
  await send(rig, 'cellar', 300, [86_399])
  await rig.fold()
  expect(paths(await files.update())).toEqual([
    '10s/device=cellar/date=2025-03-09/10s.parquet',
    'raw/device=cellar/date=2025-03-09/raw.parquet',
  ])
  await send(rig, 'cellar', 301, [9])
  await rig.fold()
  const again = paths(await files.update())
  expect(again).toContain('raw/device=cellar/date=2025-03-08/raw.parquet')
  expect(again).toContain('10s/device=cellar/date=2025-03-08/10s.parquet')
  expect(again.filter((path) => path.includes('balcony'))).toEqual([])
  const cellar = (await read(rig, 'raw', 'device, seq')).filter(({ device }) => device === 'cellar')
  expect(cellar.map(({ seq }) => seq)).toEqual(['1', '300', '301'])
})

test('whenever it is broken off, what is there in the end is what the store holds', async () => {
  const step = fc.oneof(
    fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 0, max: 12 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const rig = createRig()
      try {
        await rig.store.beginLife('a life')
        let seq = 1
        const sent: number[] = []
        for (const one of [[1], ...steps]) {
          if (typeof one !== 'number') {
            await send(rig, 'balcony', seq, one)
            await send(rig, 'cellar', seq, one)
            seq += one.length
            sent.push(...one)
            await rig.fold()
            continue
          }
          // Ends after so many calls of the store, as if it had been killed: nothing more is written.
          let calls = 0
          const store = new Proxy(rig.store, {
            get(target, name) {
              const call = (Reflect.get(target, name) as (...values: unknown[]) => unknown).bind(target)
              return (...values: unknown[]) => {
                if (++calls > one * 4) throw new Error('killed')
                return call(...values)
              }
            },
          })
          const files = newFiles({ ...rig, store })
          const failure = await files.update().then(() => null, String)
          files.close()
          expect([null, 'Error: killed']).toContain(failure)
        }
        const files = newFiles(rig)
        await files.update()
        files.close()
        const rows = await read(rig, 'raw', 'device, seq::INT AS seq, temperature')
        expect(rows).toEqual(
          ['balcony', 'cellar'].flatMap((device) =>
            sent.map((second, i) => ({ device, seq: i + 1, temperature: (second % 60_000) / 1_000 })),
          ),
        )
        const [windows] = await read(rig, '10s', 'sum(received)::INT AS received')
        expect(windows).toEqual({ received: sent.length * 2 })
        expect(globSync(join(rig.folder, 'parquet/**/.*.new'))).toEqual([])
      } finally {
        await rig.close()
      }
    }),
    { numRuns: 12, seed: 6 },
  )
})

test('one program writes at a time, and another one takes over when it has ended', async () => {
  const rig = await newRig()
  await send(rig, 'balcony', 1, [0])
  await rig.fold()
  const [one, other] = [newFiles(rig), newFiles(rig)]
  expect(await one.update()).toHaveLength(2)
  await expect(other.update()).rejects.toMatchObject({ code: 'files-busy', retryable: true })
  one.close()
  expect(await other.update()).toEqual([])
  await send(rig, 'balcony', 2, [1])
  await rig.fold()
  expect(await other.update()).toHaveLength(2)
  other.close()
})

test('what the store has forgotten stays in the files, also when a late reading comes to its day', async () => {
  const rig = await newRig()
  await send(rig, 'balcony', 1, [0, 10, 20, 30])
  await send(rig, 'balcony', 257, [15])
  await rig.fold()
  const files = newFiles(rig)
  onTestFinished(() => files.close())
  await files.update()
  // As retention does: the first bucket goes, and its epoch tells which numbers.
  const epochId = 'balcony/attic/00000000000000aa'
  const [bucket] = await rig.store.read('readings', [`${epochId}/0`])
  const [epochDocument] = await rig.store.read('epochs', [epochId])
  if (!bucket || !epochDocument) throw new Error('not there')
  await rig.store.remove('readings', [bucket])
  const o = { g: epochDocument.o.g, n: epochDocument.o.n + 1 }
  await rig.store.write('epochs', [{ ...epochDocument, o, expired: [1, 4] }])
  await send(rig, 'balcony', 258, [25])
  await rig.fold()
  expect((await files.update()).map(pathOf)).toContain('raw/device=balcony/date=2025-03-08/raw.parquet')
  const rows = await read(rig, 'raw', 'time, seq::INT AS seq, temperature, kind')
  expect(rows.map(({ seq, temperature }) => [seq, temperature])).toEqual([
    [1, 0],
    [2, 0.01],
    [257, 0.015],
    [3, 0.02],
    [258, 0.025],
    [4, 0.03],
  ])
})

test('leftovers of killed writers go, and a file that cannot be read is put aside', async () => {
  const rig = await newRig()
  await send(rig, 'balcony', 1, [0])
  await rig.fold()
  const day = join(rig.folder, 'parquet/raw/device=balcony/date=2025-03-08')
  mkdirSync(day, { recursive: true })
  writeFileSync(join(day, '.raw.parquet.old.new'), 'half')
  utimesSync(join(day, '.raw.parquet.old.new'), 1, 1)
  writeFileSync(join(day, 'raw.parquet'), 'not Parquet')
  const files = newFiles(rig)
  onTestFinished(() => files.close())
  await files.update()
  expect(readdirSync(day).sort()).toEqual(['raw.parquet', 'raw.parquet.unreadable'])
  expect(existsSync(join(day, 'raw.parquet'))).toBe(true)
  expect(statSync(join(day, 'raw.parquet')).size).toBeGreaterThan(100)
})

test('a day waits until all is written that belongs to a change of it, and is not forgotten meanwhile', async () => {
  const rig = await newRig()
  await send(rig, 'balcony', 1, [0])
  await rig.fold()
  const files = newFiles(rig)
  await files.update()
  // The roll has written a bucket and died before the rest: its checkpoint is where it was.
  const [bucket] = await rig.store.read('readings', ['balcony/attic/00000000000000aa/0'])
  if (!bucket) throw new Error('not there')
  const o = { g: bucket.o.g, n: bucket.o.n + 1_000 }
  const temperature = { unit: 'degC', kind: 'level' as const, values: [0, 1_000] }
  const times = [begin, begin + 1_000]
  const next = { ...bucket, o, times, lastTime: begin + 1_000, columns: { temperature } }
  await rig.store.write('readings', [next])
  expect(await files.update()).toEqual([])
  files.close()
  const later = newFiles(rig)
  onTestFinished(() => later.close())
  expect(await later.update()).toEqual([])
  for (const partition of [0, 1]) {
    const checkpoint = await rig.store.checkpoint(partition)
    if (checkpoint) await rig.store.advance(partition, o, checkpoint.swaps)
  }
  expect(await later.update()).toEqual([{ kind: 'raw', device: 'balcony', date: '2025-03-08' }])
  expect(await read(rig, 'raw', 'seq::INT AS seq, temperature')).toEqual([
    { seq: 1, temperature: 0 },
    { seq: 2, temperature: 1 },
  ])
})
