// Weather stations of --daily through the real programs: broken off and gone on, and what statistics and plots make of them
// against a recomputation from the values that the generator wrote down.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { partitionOf } from '@barograph/proto'
import type { ApiDelivery, ApiDeliveries, ApiPartitionStatistics, ApiStatistics } from '@barograph/proto/api'
import { expect, test } from 'vitest'
import { createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { agentProgram, collectorProgram, run, type Running, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { roundedQuotient } from './newark/rows.ts'

const stations = ['A', 'B', 'North-1']
// Four centuries ahead, over a leap day: nothing of today's dates helps.
const [from, days] = ['2436-12-30', 1_200]

interface Day {
  readonly date: string
  readonly value: bigint
}

/** Thousandths of a column by device, from the text alone. */
function daysOf(csv: string, column: 'temperature' | 'precipitation'): Map<string, Day[]> {
  const [head = '', ...lines] = csv.trim().split('\n')
  const at = head.split(',').indexOf(column)
  const rows = lines.map((line) => line.split(','))
  const byStation = Map.groupBy(rows, ([station = '']) => station.toLowerCase())
  return new Map(
    [...byStation].map(([device, own]) => [
      device,
      own.map((row) => ({ date: row[1] ?? '', value: thousandthsOf(row[at] ?? '') })),
    ]),
  )
}

function thousandthsOf(text: string): bigint {
  const [, minus = '', whole = '', part = ''] = /^(-?)(\d+)(?:\.(\d{1,3}))?$/.exec(text) ?? []
  const size = BigInt(whole + part.padEnd(3, '0'))
  return minus ? -size : size
}

function figuresOf(own: readonly Day[]): ApiStatistics {
  const sum = own.reduce((total, { value }) => total + value, 0n)
  const avg = Number(roundedQuotient(sum, BigInt(own.length))) / 1000
  const [start, end] = [own[0]?.date ?? '', own.at(-1)?.date ?? '']
  return { count: own.length, sum: Number(sum) / 1000, avg, start, end }
}

const byPrefix = (own: readonly Day[], length: number): Record<string, ApiStatistics> =>
  Object.fromEntries(
    [...Map.groupBy(own, ({ date }) => date.slice(0, length))].map(([name, some]) => [name, figuresOf(some)]),
  )

test('stations of four centuries ahead survive kills, and statistics and plots equal their values', {
  timeout: 300_000,
}, async () => {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  const values = join(folder, 'values.csv')
  const asked = `--daily --stations ${stations.join(',')} --from ${from} --days ${days} --url ${collector.broker}`
  const data = join(folder, 'daily')
  const simulate = (...more: string[]): Running =>
    start([agentProgram, 'simulate', ...asked.split(' '), '--data', data, ...more])
  const stored = async (): Promise<number> => {
    const { devices } = await collector.get<ApiDeliveries>('/api/v1/delivery')
    return devices.reduce((sum: number, device: ApiDelivery) => sum + device.stored, 0)
  }

  const killed = simulate('--rate', '200')
  await eventually('some days are stored', async () => (await stored()) > 50)
  killed.send('SIGKILL')
  await killed.ended
  const interrupted = simulate('--rate', '200')
  await eventually('it goes on', () => /days stored .*about/.test(interrupted.stderr()))
  interrupted.send('SIGINT')
  const left = await interrupted.ended
  expect([left.code, left.stderr]).toEqual([
    1,
    expect.stringMatching(/not known to be stored: [\d,]+ days.*\n.*the same command goes on/) as string,
  ])
  expect(left.stdout).toMatch(/^A {2,}a {2,}2436-12-30/m)

  const last = await simulate('--values', values, '--json').ended
  expect(last.code, last.stderr).toBe(0)
  const outcome = JSON.parse(last.stdout) as { stations: { before: number; made: number; left: number }[] }
  for (const { before, made, left } of outcome.stations) {
    expect(before > 0 && before < days, 'what was made before').toBe(true)
    expect([made, left]).toEqual([days, 0])
  }
  const again = await simulate().ended
  expect([again.code, again.stderr]).toEqual([
    0,
    expect.stringContaining(
      `${(stations.length * days).toLocaleString('en-US')} of them are stored already`,
    ) as string,
  ])

  const csv = readFileSync(values, 'utf8')
  for (const metric of ['temperature', 'precipitation'] as const) {
    const own = daysOf(csv, metric)
    const all: ApiPartitionStatistics[] = []
    for (const n of [0, 1, 2, 3])
      all.push(await collector.get<ApiPartitionStatistics>(`/api/v1/partitions/${n}/stats?metric=${metric}`))
    expect(all.map(({ devices }) => Object.keys(devices))).toEqual(
      [0, 1, 2, 3].map((n) => [...own.keys()].filter((device) => partitionOf(device, 4) === n).sort()),
    )
    for (const [device, its] of own) {
      const found = all[partitionOf(device, 4)]?.devices[device]
      expect(found).toMatchObject(figuresOf(its))
      expect(found?.months).toEqual(byPrefix(its, 7))
      expect(found?.years).toEqual(byPrefix(its, 4))
    }
    // The files of all partitions sum to the total.
    const devices = all.flatMap((one) => Object.values(one.devices))
    const total = [...own.values()].flat()
    expect(devices.reduce((sum, { count }) => sum + count, 0)).toBe(total.length)
    expect(devices.reduce((sum, one) => sum + thousandthsOf(String(one.sum)), 0n)).toBe(
      total.reduce((sum, { value }) => sum + value, 0n),
    )
  }

  const svg = join(folder, 'years.svg')
  const what = ['--of', 'daily-max', '--level', 'month', '--device', 'a,b', '--out', svg, '--json']
  const plot = await run([collectorProgram, 'plot', ...what], collector.env)
  expect(plot.code, plot.stderr).toBe(0)
  const { series } = JSON.parse(plot.stdout) as {
    series: { device: string; points: { value: number; count: number }[] }[]
  }
  const temperatures = daysOf(csv, 'temperature')
  for (const { device, points } of series)
    expect(points.map(({ value, count }) => ({ avg: value, count }))).toEqual(
      Object.values(byPrefix(temperatures.get(device) ?? [], 7)).map(({ avg, count }) => ({ avg, count })),
    )
  expect(series.map(({ device }) => device)).toEqual(['a', 'b'])
  expect(readFileSync(svg, 'utf8')).toMatch(/^<svg[^]*2438/)
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
  await collector.stop()
})
