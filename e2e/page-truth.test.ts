import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createRig, epoch, noon, type Rig, run, status } from '../collector/testing/serve-rig.ts'
import { buildPage, openBrowser } from './harness/browser.ts'
import { root } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { needsChromium } from './needs.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const zone = 'America/New_York'
const site = {
  version: 1,
  name: 'Balcony',
  latitude: 40.69,
  longitude: -74.17,
  altitudeM: 5,
  timeZone: zone,
  validFrom: 0,
}
/** Number 1 was taken a day before noon, one follows each minute. */
const begin = noon - 24 * hourMs
const numberAt = (hours: number): number => hours * 60 + 1

/** Readings from one hour of the day to another, as a steady thermometer and barometer give them. */
function readings(fromHour: number, toHour: number, more: Partial<Parameters<typeof run>[0]> = {}) {
  const firstSeq = numberAt(fromHour)
  const count = Math.round((toHour - fromHour) * 60)
  const at = (i: number) => (firstSeq + i) / 120
  return run({
    values: {
      temperature: Array.from({ length: count }, (_, i) => Math.round(15_000 + 5_000 * Math.sin(at(i)))),
      pressure: Array.from({ length: count }, (_, i) => Math.round(1_013_000 + 4_000 * Math.cos(at(i) / 2))),
    },
    firstSeq,
    start: begin + fromHour * hourMs,
    intervalMs: minuteMs,
    ...more,
  })
}

let rig: Rig

/** A batch that came when the day was so many hours old. */
async function sendAt(hour: number, parts: Parameters<Rig['sendBatch']>[1]): Promise<void> {
  rig.clock.now = begin + hour * hourMs
  await rig.sendBatch('balcony', parts)
}

/**
 * A day in which everything happened: hours declared lost, hours that came late, an agent that was off, readings of an
 * uncertain time, and the last hour still on its way.
 */
async function sendDay(): Promise<void> {
  const other = 'uncertain' as const
  await sendAt(3, { site, runs: [readings(0, 3)] })
  await sendAt(6, { runs: [readings(5, 6)] })
  await sendAt(6.1, {
    lost: [
      { sensor: 'bme280', epoch, firstSeq: numberAt(3), lastSeq: numberAt(5) - 1, cause: 'buffer full' },
    ],
  })
  await sendAt(12, { runs: [readings(9, 12)] })
  await sendAt(14, { runs: [readings(6, 9)] })
  // Its agent was off from 14 to 16: the numbers go on with the start.
  const started = readings(16, 20, { epoch: 'bb'.repeat(8), firstSeq: 1 })
  await sendAt(14.1, { runs: [readings(12, 14)] })
  await sendAt(20, {
    ended: [{ sensor: 'bme280', epoch, lastSeq: numberAt(14) - 1 }],
    runs: [
      {
        ...started,
        columns: started.columns.map((column) => ({
          ...column,
          values: column.values.map((value, i) => (i === 0 ? Number.NaN : value)),
        })),
        marks: [{ index: 0, kind: 'start', code: '', detail: '' }],
      },
    ],
  })
  await sendAt(20.1, {
    clock: other,
    clockErrorMs: 40_000,
    runs: [readings(20, 20.2, { epoch: 'cc'.repeat(8), firstSeq: 1 })],
  })
  await sendAt(24, { runs: [readings(23, 24, { epoch: 'bb'.repeat(8), firstSeq: 421 })] })
  await rig.sendStatus(
    'balcony',
    status({ epoch: 'bb'.repeat(8), accepted: 480, backlog: 180, intervalMs: minuteMs }),
  )
  await rig.fold(zone)
}

async function openPage(query = '', options = {}) {
  const server = await rig.start({ pageFolder: join(root, 'dashboard/dist') })
  const open = await openBrowser()
  return open(`${server.address}/?device=balcony&range=day${query}`, options)
}

async function untilText(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: 30_000 })
}

describe.skipIf(!needsChromium.isMet)(
  `the page tells what became of every reading ${needsChromium.title}`,
  () => {
    beforeAll(buildPage, 120_000)
    beforeEach(() => {
      rig = createRig()
      onTestFinished(() => rig.close())
    })

    test('missing hours are hatched with their cause; hours that came late are not, and are said to be revised', async () => {
      await sendDay()
      const { page, problems } = await openPage()
      await untilText(page, /declared lost: buffer full, 120 readings/)
      await untilText(page, /agent off/)
      await untilText(page, /on its way/)
      await untilText(page, /windows revised: readings came up to 8.h late/)
      // 120 lost, 180 on their way; the 180 that came late have healed.
      await untilText(page, /1.gap, explained/)
      await untilText(page, /1.gap on the way/)
      await untilText(page, /1.gap healed/)
      await untilText(page, /180 late, \d+.windows revised/)
      const body = (await page.locator('body').innerText()).replaceAll('\u00a0', ' ')
      expect(body).not.toMatch(/sensor silent/)
      expect(problems).toEqual([])
    })

    test('readings of an uncertain time are counted and said to wait for release', async () => {
      await sendDay()
      const { page, problems } = await openPage()
      await untilText(page, /12.readings in quarantine/)
      await untilText(page, /12 in quarantine: time uncertain/)
      expect(problems).toEqual([])
    })

    test('two agents with one name are told in words, with the way out', async () => {
      await sendDay()
      for (let i = 0; i < 6; i++) {
        rig.clock.now += 10_000
        const run = (i % 2 === 0 ? 'bb' : 'dd').repeat(8)
        await rig.sendStatus('balcony', status({ epoch: run, intervalMs: minuteMs }, { time: rig.clock.now }))
      }
      await rig.fold(zone)
      const { page, problems } = await openPage()
      await untilText(page, /Two agents run as balcony/)
      expect(await page.locator('.notice').first().innerText()).toMatch(/another device: name/)
      await page.goto(page.url().replace(/\?.*/, '?view=fleet'))
      await untilText(page, 'two agents')
      expect(problems).toEqual([])
    })

    test('sealed windows say so on the drum, in the registers and in the table', async () => {
      await sendDay()
      const windows = {
        device: 'balcony',
        sensor: 'bme280',
        from: begin - 24 * hourMs,
        to: noon,
        limit: 10_000,
      }
      for (const level of ['1m', 'hour', 'day'] as const) {
        const { items } = await rig.store.rollups({ ...windows, level })
        const sealed = items.filter(({ start }) => level === 'day' || start < begin + 2 * hourMs)
        await rig.store.write(
          'rollups',
          sealed.map((one) => ({ ...one, sealed: true, o: { ...one.o, n: one.o.n + 1_000 } })),
        )
      }
      const { page, problems } = await openPage()
      await untilText(page, /sealed: readings removed by retention/)
      await page.locator('table.week').waitFor()
      await eventually('the register of the week says so', async () =>
        /daily means, sealed/.test(await page.locator('section[aria-label^="Week"] h2').innerText()),
      )
      await page.getByRole('button', { name: 'Table' }).click()
      await eventually('the table says so', async () =>
        /sealed/.test(await page.locator('table.figures tbody').innerText()),
      )
      expect(problems).toEqual([])
    })

    test.each([
      ['desktop, light', {}],
      ['desktop, dark', { colorScheme: 'dark' }],
      ['phone, light', { viewport: { width: 360, height: 740 } }],
      ['phone, dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
    ] as const)('has no accessibility problem and no side scroll with all of it (%s)', async (_, options) => {
      await sendDay()
      const { page, problems, accessibilityProblems } = await openPage('', options)
      await untilText(page, /late, \d+.windows revised/)
      expect(await accessibilityProblems()).toEqual([])
      const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      expect(content).toBeLessThanOrEqual(window ?? 0)
      expect(problems).toEqual([])
    })
  },
)
