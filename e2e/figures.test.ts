// Statistics, their files and plots of Newark's year through the real programs, against a recomputation from the CSV.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { partitionOf } from '@barograph/proto'
import type { ApiDevices, ApiPartitionStatistics, ApiStatistics } from '@barograph/proto/api'
import { expect, onTestFinished, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, root, run, type Running, start } from './harness/process.ts'
import { seeded } from './harness/random.ts'
import { eventually, sleep } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows, roundedQuotient } from './newark/rows.ts'

const device = 'newark-2013'
const partition = partitionOf(device, 4)
const partitions = [0, 1, 2, 3]
const picture = join(root, 'docs/newark-2013.svg')
const newYork = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** Thousandths of each day with a value, from the CSV and Intl alone. */
function daysOf(of: 'daily-mean' | 'daily-max'): { date: string; value: bigint }[] {
  const rows = readRows().filter(
    (row) => row.values['temperature'] !== undefined && !row.flagged.has('temperature'),
  )
  return [...Map.groupBy(rows, ({ time }) => newYork.format(time))]
    .map(([date, members]) => {
      const values = members.map((row) => row.values['temperature'] ?? 0n)
      const sum = values.reduce((total, value) => total + value, 0n)
      const max = values.reduce((most, value) => (value > most ? value : most))
      return { date, value: of === 'daily-max' ? max : roundedQuotient(sum, BigInt(values.length)) }
    })
    .sort((a, b) => (a.date < b.date ? -1 : 1))
}

function figuresOf(days: ReturnType<typeof daysOf>): ApiStatistics {
  const sum = days.reduce((total, { value }) => total + value, 0n)
  const avg = Number(roundedQuotient(sum, BigInt(days.length))) / 1000
  const [start = '', end = ''] = [days[0]?.date, days.at(-1)?.date]
  return { count: days.length, sum: Number(sum) / 1000, avg, start, end }
}

const monthsOf = (days: ReturnType<typeof daysOf>): Record<string, ApiStatistics> =>
  Object.fromEntries(
    [...Map.groupBy(days, ({ date }) => date.slice(0, 7))].map(([name, own]) => [name, figuresOf(own)]),
  )

function expectedOf(of: 'daily-mean' | 'daily-max'): ApiPartitionStatistics {
  const days = daysOf(of)
  const all = figuresOf(days)
  const figures = { sensor: 'airport', unit: 'degC', ...all, months: monthsOf(days), years: { '2013': all } }
  return { partition, metric: 'temperature', of, devices: { [device]: figures } }
}

/** Every file of a folder, as any other program reads it; throws on half a file. */
function readFolder(folder: string): Record<string, ApiPartitionStatistics> {
  const names = readdirSync(folder).filter((name) => /^partition-\d+\.json$/.test(name))
  return Object.fromEntries(
    names.map((name) => [
      name,
      JSON.parse(readFileSync(join(folder, name), 'utf8')) as ApiPartitionStatistics,
    ]),
  )
}

test("statistics, files and plots of Newark's year equal the CSV to the last digit, through kills of those who write them", async () => {
  const folder = temporaryFolder()
  const random = seeded(2013)
  const own = join(folder, 'stats')
  const watched = join(folder, 'watched')
  const collector = await createCollector({
    folder,
    env: { BAROGRAPH_FILES_STATS: own, BAROGRAPH_FILES_STATSOF: 'daily-max', BAROGRAPH_FILES_EVERYMS: '100' },
  })
  await collector.start()
  const yaml = newarkYaml(device, 'max')
  const agent = createAgent({ folder, name: device, yaml, broker: collector.broker })
  const watch = (): Running =>
    start([collectorProgram, 'stats', '--watch', '--partitions', '0,1,2,3', '--out', watched], {
      ...collector.env,
    })

  // Somebody else reads all the time.
  const broken: string[] = []
  let reads = 0
  const reading = setInterval(() => {
    for (const place of [own, watched])
      try {
        reads += Object.keys(readFolder(place)).length
      } catch (error) {
        if (!String(error).includes('ENOENT')) broken.push(String(error))
      }
  }, 5)
  onTestFinished(() => clearInterval(reading))

  agent.start()
  for (let kills = 0; kills < 5; kills++) {
    const watcher = watch()
    await eventually('it writes', () => watcher.stdout().includes('up to date'))
    await sleep(random() * 300)
    watcher.send('SIGKILL')
    expect((await watcher.ended).signal).toBe('SIGKILL')
    if (kills !== 2) continue
    await collector.kill()
    await collector.start()
  }
  await eventually('the year is stored', async () => {
    const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
    return devices[0]?.newest === '2013-12-30T23:00:00Z' && agent.rows() === 0
  })
  expect((await agent.stop()).code).toBe(0)

  const answers: ApiPartitionStatistics[] = []
  for (const n of partitions)
    answers.push(await collector.get<ApiPartitionStatistics>(`/api/v1/partitions/${n}/stats`))
  expect(answers[partition]).toEqual(expectedOf('daily-mean'))
  // The partitions sum to the total: what is in none of them is nowhere.
  const all = answers.flatMap(({ devices }) => Object.values(devices))
  expect(all.map(({ count, sum }) => ({ count, sum }))).toEqual([
    { count: figuresOf(daysOf('daily-mean')).count, sum: figuresOf(daysOf('daily-mean')).sum },
  ])
  const watcher = watch()
  await eventually('it is up to date', () => watcher.stdout().includes('up to date'))
  expect((await watcher.stop()).code).toBe(0)
  expect(Object.values(readFolder(watched))).toEqual(answers)
  await eventually('the collector has written the files', () => {
    const written = readFolder(own)[`partition-${partition}.json`]
    return JSON.stringify(written) === JSON.stringify(expectedOf('daily-max'))
  })
  clearInterval(reading)
  expect(broken).toEqual([])
  expect(reads).toBeGreaterThan(100)

  // What two collectors with fixed partitions write is the same.
  for (const half of ['0,2', '1,3']) {
    const out = join(folder, half)
    const { code, stderr } = await run(
      [collectorProgram, 'stats', '--partitions', half, '--out', out],
      collector.env,
    )
    expect([code, stderr]).toEqual([0, ''])
    expect(readdirSync(out).sort()).toEqual(half.split(',').map((n) => `partition-${n}.json`))
    for (const name of readdirSync(out))
      expect(readFileSync(join(out, name), 'utf8')).toBe(readFileSync(join(watched, name), 'utf8'))
  }

  const svg = join(folder, 'maxima.svg')
  const what = ['--of', 'daily-max', '--level', 'month', '--device', device, '--out', svg]
  const plot = await run([collectorProgram, 'plot', ...what, '--json'], collector.env)
  expect(plot.code, plot.stderr).toBe(0)
  const { series } = JSON.parse(plot.stdout) as { series: { points: { value: number; count: number }[] }[] }
  expect(series[0]?.points.map(({ value, count }) => ({ avg: value, count }))).toEqual(
    Object.values(monthsOf(daysOf('daily-max'))).map(({ avg, count }) => ({ avg, count })),
  )
  // The picture in docs/ was looked at; whoever changes how it is drawn looks again and commits the new one.
  expect(readFileSync(svg, 'utf8')).toBe(readFileSync(picture, 'utf8'))
  const served = await fetch(
    `${collector.page}/api/v1/plots/temperature.svg?of=daily-max&level=month&device=${device}`,
  )
  expect(served.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8')
  expect(served.headers.get('content-security-policy')).toContain(
    "default-src 'none'; style-src 'unsafe-inline'",
  )
  expect(await served.text()).toBe(readFileSync(picture, 'utf8'))
  expect((await collector.stop()).code).toBe(0)
})

test('wrong arguments of stats and plot are told with what is allowed', async () => {
  const folder = temporaryFolder()
  const env = {
    BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'none.db')}`,
    BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}`,
  }
  const answers = async (...args: string[]) => {
    const { code, stderr } = await run([collectorProgram, ...args], env)
    return `${code}: ${stderr}`
  }
  for (const [args, words] of [
    [['stats', '--of', 'daily-maximum'], /^2: .*did you mean daily-max/],
    [['stats', '--metric', 'windDirection'], /^2: .*windDirection is a direction/],
    [['stats', '--partitions', '4', '--out', 'x'], /^2: .*0 to 3/s],
    [['stats', '--watch'], /^2: .*--out FOLDER/s],
    [['plot'], /^2: .*--out <file>/],
    [['plot', '--out', 'x.svg', '--level', 'moth'], /^2: .*did you mean month/],
    [['plot', '--out', 'x.svg', '--months', '13'], /^2: .*from 1 to 12/s],
    [['plot', '--out', 'x.svg', '--from', 'yesterday'], /^2: .*2013-03-10/s],
  ] as const)
    expect(await answers(...args)).toMatch(words)
})
