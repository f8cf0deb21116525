// Statistics from a real store that a real roll fills, against a recomputation from what was sent.
import { partitionOf } from '@barograph/proto'
import type { ApiPartitionStatistics } from '@barograph/proto/api'
import fc from 'fast-check'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createStatistics } from '../core/statistics/statistics.ts'
import type { StatisticsOf } from '../core/statistics/of.ts'
import { createStatisticsFiles } from '../files/statistics-files.ts'
import { createRig, get, type Rig, run, site, status } from './serve-rig.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const begin = Date.UTC(2024, 11, 30, 3)
const newYork = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

interface Sent {
  readonly device: string
  /** Hours after the beginning. */
  readonly hour: number
  readonly value: number
}

function newRig(): Rig {
  const rig = createRig()
  onTestFinished(() => rig.close())
  return rig
}

const pause = async (): Promise<void> => {}
const partitions = [0, 1]
const devices = ['balcony', 'cellar', 'roof']

const statisticsOf = (rig: Rig, of: StatisticsOf, only: readonly number[] = partitions) =>
  createStatistics({ store: rig.store, partitions: only, metric: 'temperature', of, pause })

async function send(rig: Rig, readings: readonly Sent[], firstSeq: number): Promise<void> {
  for (const [device, own] of Map.groupBy(readings, (one) => one.device)) {
    const times = Float64Array.from(own, ({ hour }) => begin + hour * hourMs)
    const values = { temperature: own.map(({ value }) => value) }
    const part = { ...run({ values, firstSeq, intervalMs: hourMs, sensor: 'attic' }), times }
    await rig.sendBatch(
      device,
      { clock: 'historical', site, runs: [part] },
      { ingestMs: begin + 400 * dayMs },
    )
  }
}

/** Days by Intl alone, sums as big integers. */
function expectedOf(readings: readonly Sent[], of: StatisticsOf, partition: number): unknown {
  const own = readings.filter(({ device }) => partitionOf(device, 2) === partition)
  const byDevice = Map.groupBy(own, ({ device }) => device)
  const result: Record<string, unknown> = {}
  for (const device of [...byDevice.keys()].sort()) {
    const days = Map.groupBy(byDevice.get(device) ?? [], ({ hour }) => newYork.format(begin + hour * hourMs))
    const rows = [...days].map(([date, members]) => {
      const values = members.map(({ value }) => BigInt(value))
      const sum = values.reduce((a, b) => a + b, 0n)
      const max = values.reduce((a, b) => (b > a ? b : a))
      if (of === 'readings') return { date, count: values.length, value: sum }
      return { date, count: 1, value: of === 'daily-max' ? max : rounded(sum, BigInt(values.length)) }
    })
    rows.sort((a, b) => (a.date < b.date ? -1 : 1))
    const figures = (group: typeof rows) => {
      const sum = group.reduce((total, { value }) => total + value, 0n)
      const count = group.reduce((total, row) => total + row.count, 0)
      const avg = Number(rounded(sum, BigInt(count))) / 1000
      return { count, sum: Number(sum) / 1000, avg, start: group[0]?.date, end: group.at(-1)?.date }
    }
    const groups = (length: number) =>
      Object.fromEntries(
        [...Map.groupBy(rows, ({ date }) => date.slice(0, length))].map(([name, group]) => [
          name,
          figures(group),
        ]),
      )
    result[device] = { sensor: 'attic', unit: 'degC', ...figures(rows), months: groups(7), years: groups(4) }
  }
  return result
}

function rounded(sum: bigint, count: bigint): bigint {
  const size = sum < 0n ? -sum : sum
  const whole = size / count + ((size % count) * 2n >= count ? 1n : 0n)
  return sum < 0n ? -whole : whole
}

const reading = fc.record({
  device: fc.constantFrom(...devices),
  hour: fc.integer({ min: 0, max: 24 * 100 }),
  value: fc.integer({ min: -90_000, max: 60_000 }),
})

describe('statistics of a store', () => {
  test('equal a recomputation whatever comes, late too, and following gives what reading anew gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.uniqueArray(reading, { selector: ({ device, hour }) => `${device}/${hour}`, maxLength: 40 }),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
        fc.constantFrom<StatisticsOf>('daily-mean', 'daily-max', 'readings'),
        async (batches, of) => {
          const rig = createRig()
          await rig.store.beginLife('one')
          try {
            const followed = statisticsOf(rig, of)
            let sent: Sent[] = []
            for (const [i, batch] of batches.entries()) {
              // An hour may come twice, as two readings.
              await send(rig, batch, 1 + i * 1_000)
              sent = [...sent, ...batch]
              await rig.fold()
              const changed = await followed.refresh()
              const touched = new Set(batch.map(({ device }) => partitionOf(device, 2)))
              expect(i === 0 ? [] : changed.filter((one) => !touched.has(one))).toEqual([])
              const fresh = statisticsOf(rig, of)
              await fresh.refresh()
              for (const partition of partitions) {
                expect(fresh.view(partition).devices).toEqual(expectedOf(sent, of, partition))
                expect(followed.view(partition)).toEqual(fresh.view(partition))
              }
            }
          } finally {
            await rig.close()
          }
        },
      ),
      { numRuns: 5 },
    )
  })

  test('files hold what the interface answers, and only those that changed are written again', async () => {
    const rig = newRig()
    await rig.store.beginLife('one')
    const readings = devices.flatMap((device, i) =>
      Array.from({ length: 60 }, (_, hour) => ({ device, hour, value: 1_000 * i + hour })),
    )
    await send(rig, readings, 1)
    await rig.fold()
    const folder = join(rig.folder, 'deep/stats')
    const statistics = statisticsOf(rig, 'daily-mean')
    const files = await createStatisticsFiles({ folder, statistics, partitions, now: Date.now })
    expect(await files.update()).toEqual(partitions)
    expect(await files.update()).toEqual([])
    const server = await rig.start()
    const read = (partition: number) => readFileSync(join(folder, `partition-${partition}.json`), 'utf8')
    for (const partition of partitions) {
      const answer = await get(server, `/api/v1/partitions/${partition}/stats`)
      expect(JSON.parse(read(partition))).toEqual(answer.body)
      expect((answer.body as ApiPartitionStatistics).devices).toEqual(
        expectedOf(readings, 'daily-mean', partition),
      )
    }
    const partition = partitionOf('balcony', 2)
    const before = [read(0), read(1)]
    await send(rig, [{ device: 'balcony', hour: 2_000, value: 30_000 }], 1_000)
    await rig.fold()
    expect(await files.update()).toEqual([partition])
    expect(read(1 - partition)).toBe(before[1 - partition])
    expect(read(partition)).not.toBe(before[partition])
    // Who starts again finds them as they should be.
    const again = await createStatisticsFiles({
      folder,
      statistics: statisticsOf(rig, 'daily-mean'),
      partitions,
      now: Date.now,
    })
    const written = statSync(join(folder, 'partition-0.json')).mtimeMs
    expect(await again.update()).toEqual([])
    expect(statSync(join(folder, 'partition-0.json')).mtimeMs).toBe(written)
    // The interface follows too.
    const now = await get(server, `/api/v1/partitions/${partition}/stats`)
    expect(now.body).toEqual(JSON.parse(read(partition)))
  })

  test('one of the partitions only, and the sensor that the device names, also after it names another', async () => {
    const rig = newRig()
    await rig.store.beginLife('one')
    await rig.sendBatch('balcony', {
      clock: 'historical',
      site,
      runs: [
        run({ values: { temperature: [1_000, 3_000] }, sensor: 'attic', intervalMs: hourMs }),
        run({ values: { temperature: [10_000, 11_000] }, sensor: 'cellar', intervalMs: hourMs }),
      ],
    })
    await rig.fold()
    const partition = partitionOf('balcony', 2)
    const statistics = statisticsOf(rig, 'daily-mean', [partition])
    await statistics.refresh()
    expect(statistics.view(partition).devices['balcony']).toMatchObject({ sensor: 'attic', count: 1, sum: 2 })
    const other = statisticsOf(rig, 'daily-mean', [1 - partition])
    await other.refresh()
    expect(other.view(1 - partition).devices).toEqual({})
    const said = { ...status(), primary: [{ metric: 'temperature', sensor: 'cellar' }] }
    await rig.sendStatus('balcony', said)
    await rig.fold()
    expect(await statistics.refresh()).toEqual([partition])
    expect(statistics.view(partition).devices['balcony']).toMatchObject({
      sensor: 'cellar',
      count: 1,
      sum: 10.5,
    })
  })

  test('a total has sums of days, and what has no such figure is refused with words', async () => {
    const rig = newRig()
    await rig.sendBatch('balcony', {
      site,
      runs: [run({ values: { precipitation: [200, 300], windDirection: [0, 90_000] }, intervalMs: hourMs })],
    })
    await rig.fold()
    const server = await rig.start()
    const path = `/api/v1/partitions/${partitionOf('balcony', 2)}/stats`
    const rain = (await get(server, `${path}?metric=precipitation`)).body as ApiPartitionStatistics
    expect(rain.of).toBe('daily-sum')
    expect(rain.devices['balcony']).toMatchObject({
      count: 1,
      sum: 0.5,
      avg: 0.5,
      start: '2025-06-02',
      unit: 'mm',
    })
    for (const [query, code, status] of [
      ['?metric=precipitation&of=daily-mean', 'bad-statistics', 400],
      ['?metric=windDirection', 'bad-statistics', 400],
      ['?of=monthly', 'bad-query', 400],
      ['?day=1', 'bad-query', 400],
    ] as const)
      expect((await get(server, `${path}${query}`)).body).toMatchObject({ code, status })
    for (const partition of ['2', '-1', 'x', '1.0'])
      expect((await get(server, `/api/v1/partitions/${partition}/stats`)).body).toMatchObject({
        code: 'unknown-partition',
        status: 404,
        allowed: '0 to 1',
      })
    expect((await get(server, `${path}?metric=co2`)).body).toMatchObject({ devices: {} })
  })
})
