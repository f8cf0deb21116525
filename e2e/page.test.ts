import { createServer } from 'node:http'
import type { ApiDevices, ApiLevelFigures, ApiRollups } from '@barograph/proto/api'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { buildPage, openBrowser } from './harness/browser.ts'
import { type Collector, createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { agentProgram, run, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { needsChromium } from './needs.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const newarkZone = 'America/New_York'
const newarkSensor = '/api/v1/devices/newark-2013/sensors/airport'
const paper = { light: 'rgb(251, 252, 250)', dark: 'rgb(14, 20, 18)' }
const phone = { viewport: { width: 360, height: 740 } }

const balconyYaml = `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 500, seed: 1 }
`

/** A figure as the page writes it: one decimal, a true minus. */
const figure = (value: number | null, decimals = 1): string =>
  (value ?? Number.NaN).toFixed(decimals).replace('-', '\u2212')

const clockIn = (timeZone: string, time: string | number): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' }).format(new Date(time))

async function startCollector(): Promise<{ folder: string; collector: Collector }> {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  return { folder, collector }
}

async function withNewark(): Promise<Collector> {
  const { folder, collector } = await startCollector()
  const yaml = newarkYaml('newark-2013', 'max')
  const agent = createAgent({ folder, name: 'newark-2013', yaml, broker: collector.broker })
  agent.start()
  await eventually('the year is stored', async () => {
    const { rollups } = await collector.get<ApiRollups>(`${newarkSensor}/rollups?level=year`)
    const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
    const isComplete = rollups.reduce((sum, { received }) => sum + received, 0) === rows.length
    // A flush writes windows first, streams after them.
    return isComplete && devices[0]?.newest === '2013-12-30T23:00:00Z'
  })
  return collector
}

async function withBalcony(): Promise<Collector> {
  const { folder, collector } = await startCollector()
  createAgent({ folder, name: 'balcony', yaml: balconyYaml, broker: collector.broker }).start()
  await eventually('the balcony has written', async () => {
    const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
    return Boolean(devices[0]?.newest)
  })
  return collector
}

/** What the simulator says it did (`--json`). */
interface FleetLedger {
  readonly devices: readonly {
    readonly device: string
    readonly windows: readonly {
      readonly start: string
      readonly count: number
      readonly temperature: { readonly mean: number }
      readonly humidity: { readonly mean: number }
      readonly battery: { readonly min: number; readonly max: number }
    }[]
  }[]
}

/** The table of figures: a row for each window, four columns for each metric. */
async function tableOf(page: Page) {
  const text = (cells: readonly string[]): string[] => cells.map((cell) => cell.trim())
  const [, ...heads] = text(await page.locator('table.figures thead th').allInnerTexts())
  const columnOf = (label: string): number => heads.findIndex((head) => head.startsWith(label))
  const table: Record<string, unknown>[] = []
  for (const row of await page.locator('table.figures tbody tr').all()) {
    const cells = text(await row.locator('td').allInnerTexts())
    const battery = columnOf('Battery')
    table.push({
      time: (await row.locator('th').innerText()).split(', ').at(-1),
      temperature: cells[columnOf('Temperature')],
      humidity: cells[columnOf('Humidity')],
      battery: [cells[battery + 1], cells[battery + 2]],
      count: cells[columnOf('Temperature') + 3],
    })
  }
  return table
}

const reading = (page: Page, metric: string) => page.locator(`.reading[data-key="${metric}"]`)
const valueOf = async (page: Page, metric: string): Promise<string> =>
  reading(page, metric).locator('.value').innerText()

async function untilText(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: 30_000 })
}

/** The widest thing on the page is no wider than the page. */
async function expectNoSideScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  expect(content).toBeLessThanOrEqual(window ?? 0)
}

describe.skipIf(!needsChromium.isMet)(`the page ${needsChromium.title}`, () => {
  beforeAll(buildPage, 120_000)

  test("shows Newark's year: devices, newest values, the day's extremes and the gaps as the API has them", async () => {
    const collector = await withNewark()
    const open = await openBrowser()
    const { page, problems } = await open(`${collector.page}/?device=newark-2013&metric=temperature`)
    await reading(page, 'temperature').waitFor()
    await page.locator('details[data-key="devices"] summary').click()
    await page
      .locator('details[data-key="devices"]')
      .getByRole('link', { name: /Newark Airport/ })
      .waitFor()
    await page.keyboard.press('Escape')

    const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
    const newest = devices[0]?.sensors[0]?.newest?.values ?? {}
    await eventually('the newest temperature is shown', async () =>
      (await valueOf(page, 'temperature')).startsWith(figure(newest.temperature ?? null)),
    )
    expect(await valueOf(page, 'pressure')).toContain(figure(newest.pressure ?? null))
    expect(await valueOf(page, 'humidity')).toContain(figure(newest.humidity ?? null, 0))

    const lastDay = `${newarkSensor}/rollups?level=day&from=2013-12-30T05:00:00Z&to=2013-12-31T05:00:00Z`
    const { rollups: days } = await collector.get<ApiRollups>(lastDay)
    const day = days[0]?.metrics.temperature as ApiLevelFigures
    const at = (time: string | null | undefined): string => clockIn(newarkZone, time ?? '')
    const hourOf = (part: ApiLevelFigures['highestHour']): string =>
      `${figure(part?.mean ?? null)} from ${at(part?.start)} to ${clockIn(newarkZone, Date.parse(part?.start ?? '') + 3_600_000)}`
    const hours = page.locator('section[aria-label^="Hours of"] svg[role="img"]')
    await eventually('the hours tell the extremes of the day', async () => {
      const spoken = ((await hours.getAttribute('aria-label')) ?? '').replaceAll('\u00a0', ' ')
      expect(spoken).toContain('30 December 2013')
      expect(spoken).toContain(`Highest ${figure(day.max)} °C at ${at(day.maxAt)}`)
      expect(spoken).toContain(`highest hourly mean ${hourOf(day.highestHour)}`)
      expect(spoken).toContain(`Lowest ${figure(day.min)} °C at ${at(day.minAt)}`)
      expect(spoken).toContain(`lowest hourly mean ${hourOf(day.lowestHour)}`)
      return true
    })

    // 30 December 2013 is a Monday: the week before it is whole.
    await page.getByRole('button', { name: 'Week before' }).click()
    const { rollups: weeks } = await collector.get<ApiRollups>(
      `${newarkSensor}/rollups?level=week&from=2013-12-23T05:00:00Z&to=2013-12-30T05:00:00Z`,
    )
    const week = weeks[0]?.metrics.temperature as ApiLevelFigures
    const rowOf = (which: string) =>
      page.locator('table.week tr', { has: page.getByText(which, { exact: true }) })
    for (const [which, part] of [
      ['highest', week.highestDay],
      ['lowest', week.lowestDay],
    ] as const) {
      const date = new Intl.DateTimeFormat('en-GB', { timeZone: newarkZone, day: 'numeric' })
      await eventually(`the ${which} day of the week`, async () => {
        expect(await rowOf(which).locator('th').innerText()).toMatch(
          new RegExp(`\\b${date.format(new Date(part?.start ?? ''))}$`),
        )
        expect(await rowOf(which).locator('.mean').innerText()).toBe(figure(part?.mean ?? null))
        return true
      })
    }

    await page.goto(`${collector.page}/?device=newark-2013&metric=pressure&day=2013-12-29`)
    const dayBegin = Date.parse('2013-12-29T05:00:00Z')
    const withPressure = new Set(
      rows
        .filter(({ time, values }) => time >= dayBegin && time < dayBegin + 86_400_000 && values.pressure)
        .map(({ time }) => time),
    )
    expect(withPressure.size, 'hours of that day with a pressure').toBeLessThan(24)
    const hatches = page.locator('section[aria-label^="Hours of"] rect.hatched')
    await eventually(
      'each hour without a pressure is hatched',
      async () => (await hatches.count()) === 24 - withPressure.size,
    )
    expect(problems).toEqual([])
    await collector.stop()
  })

  test('has no accessibility problem and no side scroll: Station and Fleet, light and dark, wide and narrow', async () => {
    const collector = await withNewark()
    const open = await openBrowser()
    for (const colorScheme of ['light', 'dark'] as const)
      for (const view of ['station', 'fleet'] as const)
        for (const size of [{}, phone]) {
          const what = `${view}, ${colorScheme}${size === phone ? ', 360 px' : ''}`
          const place = view === 'fleet' ? '?view=fleet' : '?device=newark-2013'
          const { page, problems, accessibilityProblems } = await open(`${collector.page}/${place}`, {
            colorScheme,
            ...size,
          })
          await untilText(page, view === 'fleet' ? /replayed/ : /Every entry accounted for/)
          const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
          const root = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
          expect([background, root], what).toContain(paper[colorScheme])
          expect(await accessibilityProblems(), what).toEqual([])
          await expectNoSideScroll(page)
          expect(problems, what).toEqual([])
          await page.context().close()
        }
    await collector.stop()
  })

  test('moves with the readings, says when the collector is gone, and recovers by itself', async () => {
    const collector = await withBalcony()
    const open = await openBrowser()
    const { page, problems } = await open(`${collector.page}/?device=balcony`)
    await page.evaluate(() => document.body.setAttribute('data-never-reloaded', 'true'))
    await untilText(page, /^Live$/)
    const changes = async (): Promise<void> => {
      const before = await valueOf(page, 'temperature')
      const beforePressure = await valueOf(page, 'pressure')
      await eventually('a value changes by itself', async () => {
        const now = [await valueOf(page, 'temperature'), await valueOf(page, 'pressure')]
        return now[0] !== before || now[1] !== beforePressure
      })
    }
    await changes()
    expect(problems).toEqual([])

    await collector.kill()
    await untilText(page, /Connection lost at/)
    await untilText(page, /Reconnecting/)
    await page.getByRole('button', { name: 'try now' }).waitFor()

    await collector.start()
    await untilText(page, /^Live$/)
    await page.getByText(/Connection lost at/).waitFor({ state: 'detached' })
    await changes()
    expect(await page.evaluate(() => document.body.getAttribute('data-never-reloaded'))).toBe('true')
    // The browser itself complains of what cannot be reached; nobody else may.
    expect(problems.filter((text) => !/ERR_CONNECTION|WebSocket connection/.test(text))).toEqual([])
    await collector.stop()
  })

  test("shows the simulated fleet's windows of 10 s as its ledger has them", async () => {
    const { collector } = await startCollector()
    const options = '--devices 2 --rate 4.0 --seed 1 --duration 25s --json'.split(' ')
    const fleet = await run([agentProgram, 'simulate', ...options, '--url', collector.broker])
    expect(fleet.code, fleet.stderr).toBe(0)
    const { devices } = JSON.parse(fleet.stdout) as FleetLedger
    const open = await openBrowser()
    for (const { device, windows } of devices) {
      const { page, problems } = await open(`${collector.page}/?device=${device}&range=5min&table=1`)
      await eventually(`the windows of ${device}`, async () => {
        expect(await tableOf(page)).toEqual(
          windows.toReversed().map(({ start, count, temperature, humidity, battery }) => ({
            time: start.slice(11, 19),
            temperature: figure(temperature.mean, 3),
            humidity: figure(humidity.mean, 3),
            battery: [figure(battery.min, 3), figure(battery.max, 3)],
            count: String(count),
          })),
        )
        return true
      })
      expect(problems).toEqual([])
      await page.context().close()
    }
    await collector.stop()
  })

  test('before any device has written it names the commands, with the address of this collector', async () => {
    const { collector } = await startCollector()
    const open = await openBrowser()
    const { page, problems, accessibilityProblems } = await open(collector.page)
    await untilText(page, /No device has written yet/)
    const commands = async (): Promise<string[]> =>
      (await page.locator('code').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim())
    expect(await commands()).toContain('npm run agent -- run --config agent.yaml')
    const simulate = await eventually('the simulator is told where to write', async () => {
      const all = await commands()
      return (
        all.find((text) => /simulate --devices 8 --rate 4/.test(text) && text.includes(collector.broker)) ??
        null
      )
    })
    expect(await accessibilityProblems()).toEqual([])
    expect(problems).toEqual([])

    // What the page says works: `VARIABLE=value npm run agent -- ARGUMENTS`.
    const words = simulate.split(' ')
    const variables = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('='))
    start([agentProgram, ...words.slice(words.indexOf('--') + 1)], Object.fromEntries(variables))
    await reading(page, 'temperature').waitFor({ timeout: 30_000 })
    await untilText(page, /^Live$/)
    await collector.stop()
  })

  test('a sensor that fails is said in words, with the reason', async () => {
    const { folder, collector } = await startCollector()
    let isBroken = false
    const server = createServer((_, response) => {
      if (isBroken) response.writeHead(500).end('broken')
      else response.end(JSON.stringify({ t: 21.5 }))
    })
    onTestFinished(() => void server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const yaml = `
device: lab
site: { name: Laboratory, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: UTC }
sensors:
  - { id: bench, type: http, url: "http://127.0.0.1:${port}/", intervalMs: 1000, values: { temperature: { pointer: /t } } }
`
    createAgent({ folder, name: 'lab', yaml, broker: collector.broker }).start()
    const open = await openBrowser()
    await eventually('the lab has written', async () => {
      const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
      return Boolean(devices[0]?.newest)
    })
    const { page, problems, accessibilityProblems } = await open(`${collector.page}/?device=lab`)
    await eventually('the value is shown', async () =>
      (await valueOf(page, 'temperature')).startsWith('21.5'),
    )
    isBroken = true
    await untilText(page, /Sensor fault: bench/)
    await eventually('the value gives way to words', async () =>
      (await reading(page, 'temperature').innerText()).includes('sensor fault'),
    )
    expect(await page.locator('.notice').innerText()).toMatch(/500/)
    expect(await accessibilityProblems()).toEqual([])
    isBroken = false
    await eventually('it recovers', async () => (await valueOf(page, 'temperature')).startsWith('21.5'))
    expect(problems).toEqual([])
    await collector.stop()
  })
})
