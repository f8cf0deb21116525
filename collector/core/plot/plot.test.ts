import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drawPlot } from './draw.ts'
import { figure } from './words.ts'
import { readPlot } from './read.ts'
import { numbersOf, plotLimits, type PlotRequest, plotTimeOf } from './request.ts'
import { asked, hourly, windowStore } from './testing/windows.ts'
import { timeAxis, timeScale } from './time-axis.ts'
import { multiples, valueAxis } from './value-axis.ts'
import { zoneOf } from '../zone.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const start = Date.UTC(2024, 0, 1)
const pause = async (): Promise<void> => {}

type PlotStore = ReturnType<typeof windowStore>
const read = (store: PlotStore, request: PlotRequest) => readPlot(store, request, pause)

async function draw(store: PlotStore, more: Partial<PlotRequest> = {}): Promise<string> {
  const request = asked(more)
  return drawPlot(await read(store, request), request)
}

const wave = (hours: number, shift = 0): number[] =>
  Array.from(
    { length: hours },
    (_, i) => Math.round(10_000 * Math.sin(i / 37) + 4_000 * Math.sin(i / 4)) + shift,
  )

const year = windowStore({ device: 'roof', site: 'Roof', samples: hourly(start, wave(366 * 24)) })

/** The tags of a text that every reader of XML takes; with `faults` of one that none does. */
function readXml(svg: string): { tags: string[]; faults: string[] } {
  const tags: string[] = []
  const open: string[] = []
  const faults: string[] = []
  const words = svg.replaceAll(
    /<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>/g,
    (_, closing: string, name: string, _more: string, alone: string) => {
      if (closing !== '') {
        if (open.pop() !== name) faults.push(`</${name}>`)
        return ''
      }
      tags.push(name)
      if (alone === '') open.push(name)
      return ''
    },
  )
  const stray = /[<>]|&(?!amp;|lt;|gt;|quot;)/.exec(words)
  return { tags, faults: [...faults, ...open, ...(stray ? [stray[0]] : [])] }
}

/** Of any characters, such as no reader of XML takes and halves of pairs too. */
const anyWords = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0x10ffff })), { maxLength: 40 })
  .map((points) => String.fromCodePoint(...points))

describe('a plot', () => {
  test('of the same data is the same bytes, and holds nothing that runs or comes from elsewhere', async () => {
    const svg = await draw(year, { of: 'daily-max', level: 'month' })
    expect(await draw(year, { of: 'daily-max', level: 'month' })).toBe(svg)
    expect(new Set(readXml(svg).tags)).toEqual(
      new Set(['svg', 'title', 'desc', 'style', 'rect', 'path', 'text', 'circle']),
    )
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|url\(|@import|@font-face|\bid=|\bon\w+=|href/,
    )
    expect(svg).toContain('Temperature at Roof')
    expect(svg).toContain('Monthly mean of the daily maximum, 2024-01-01 to 2024-12-31, time zone UTC')
    expect(svg).toContain('lowest to highest daily maximum')
    expect(svg.match(/<circle/g)).toHaveLength(12)
  })

  test('has the colours of the page, and follows a reader who likes it dark unless it is told what to do', async () => {
    const [auto, light, dark] = [
      await draw(year),
      await draw(year, { theme: 'light' }),
      await draw(year, { theme: 'dark' }),
    ]
    expect(auto).toContain('@media (prefers-color-scheme:dark){')
    expect(auto).toContain('.bg-f-paper{fill:#0E1412}')
    expect(auto).toContain('fill="#FBFCFA"')
    for (const one of [light, dark]) expect(one).not.toMatch(/<style|class=/)
    expect(light).not.toContain('#0E1412')
    expect(dark).toContain('fill="#0E1412"')
    expect(dark).toContain('stroke="#FF8250"')
    expect(dark).not.toContain('#FBFCFA')
  })

  test('shows whatever somebody calls his station, and nothing of it as anything but words', async () => {
    const request = asked({ level: 'month' })
    const data = await read(year, request)
    fc.assert(
      fc.property(anyWords, (title) => {
        const { tags, faults } = readXml(drawPlot(data, { ...request, title }))
        expect(faults).toEqual([])
        expect(tags.filter((tag) => tag === 'title')).toHaveLength(13)
      }),
      { numRuns: 25, endOnFailure: true },
    )
    const svg = await draw(year, { title: '</text><script>alert("1")</script>&amp;\u0000', level: 'month' })
    expect(svg).toContain('&lt;/text&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;\ufffd')
  })

  test('breaks where nothing was measured, and hatches what is missing between', async () => {
    const values = wave(240).map((value, i) => (i >= 100 && i < 130 ? null : value))
    const svg = await draw(windowStore({ device: 'roof', samples: hourly(start, values) }), {
      level: 'hour',
      theme: 'light',
    })
    const traces = svg.match(/<path d="[^"]*" stroke-width="2.2"[^>]*stroke="#BF3E0F"\/>/g) ?? []
    // One of the legend, one before the gap and one behind it.
    expect(traces).toHaveLength(3)
    expect(traces.slice(1).map((path) => path.match(/L/g)?.length)).toEqual([99, 109])
    expect(svg.match(/stroke="#7A9285"/g)).toHaveLength(2)
    expect(svg).toContain('nothing measured')
    expect(await draw(year, { level: 'month' })).not.toContain('nothing measured')
  })

  test('of one window is a stroke of its width with its figure', async () => {
    const svg = await draw(windowStore({ device: 'roof', samples: hourly(start, [-25_080]) }), {
      level: 'day',
      theme: 'light',
    })
    expect(svg).toMatch(/d="M60 [\d.]+H854"/)
    expect(svg).toContain('>\u221225.1<')
    expect(svg).toContain('1 Jan 2024: \u221225.080\u00a0°C, 1 reading')
  })

  test('of a time in which there is nothing says so', async () => {
    const svg = await draw(year, { years: [2020] })
    expect(svg).toContain('No temperature at roof from 2020-01-01 to 2020-12-31 by day.')
    expect(readXml(svg).tags).not.toContain('circle')
    const nothing = windowStore({ device: 'roof', samples: [] })
    expect(await draw(nothing)).toContain('No temperature has been measured at roof')
  })

  test('with more windows than can be told apart is drawn by longer ones, says so, and stays small', async () => {
    const data = await read(year, asked({ level: 'hour' }))
    expect([data.level, data.insteadOf, data.series[0]?.points.length]).toEqual(['day', 'hour', 366])
    const svg = await draw(year, { level: 'hour' })
    expect(svg).toContain('Drawn by day: by hour there would be more than can be told apart')
    expect(svg.length).toBeLessThan(60_000)
    // A million windows of 10 s, four months, without that anybody reads them.
    const many = windowStore({
      device: 'roof',
      samples: hourly(start, wave(116 * 24)),
      intervalMs: 10_000,
    })
    expect((await read(many, asked({ level: '10s' }))).level).toBe('day')
  })

  test('where short windows have expired shows longer ones', async () => {
    const samples = hourly(start, wave(10 * 24))
    const kept = windowStore({
      device: 'roof',
      samples,
      levels: ['day', 'month'],
      expiredBefore: { hour: start + 30 * dayMs },
    })
    expect(await read(kept, asked())).toMatchObject({ level: 'day', insteadOf: null })
    expect((await read(kept, asked({ level: 'hour' }))).series[0]?.points).toEqual([])
  })

  test('of chosen months gives the others no room', async () => {
    const { spans, series } = await read(year, asked({ months: [1, 2, 7], level: 'day' }))
    expect(spans).toEqual([
      { from: start, to: Date.UTC(2024, 2, 1) },
      { from: Date.UTC(2024, 6, 1), to: Date.UTC(2024, 7, 1) },
    ])
    expect(series[0]?.points).toHaveLength(31 + 29 + 31)
    await expect(read(year, asked({ months: [1], level: 'year' }))).rejects.toMatchObject({
      code: 'bad-plot',
    })
  })

  test('begins a date at the site, not in Greenwich', async () => {
    const samples = hourly(start, wave(100))
    const store = windowStore({ device: 'roof', samples, timeZone: 'America/New_York' })
    const { spans } = await read(
      store,
      asked({ from: plotTimeOf('2024-01-02'), to: plotTimeOf('2024-01-03T00:00:00Z') }),
    )
    expect(spans).toEqual([{ from: Date.UTC(2024, 0, 2, 5), to: Date.UTC(2024, 0, 3) }])
    await expect(
      read(store, asked({ from: plotTimeOf('2024-01-02'), to: plotTimeOf('2024-01-02') })),
    ).rejects.toMatchObject({ code: 'bad-plot' })
  })

  test('of several devices tells them by their strokes, and of too many shows the first', async () => {
    const devices = Array.from({ length: 10 }, (_, i) => ({
      device: `d${i}`,
      samples: hourly(start, wave(48, i * 500)),
    }))
    const store = windowStore(...devices)
    const svg = await draw(store, { theme: 'light' })
    const looks = [
      ...svg.matchAll(
        /h24" stroke-width="([\d.]+)"(?: stroke-dasharray="([^"]+)")? fill="none" stroke="([^"]+)"/g,
      ),
    ]
    expect(new Set(looks.map(([, ...look]) => look.join())).size).toBe(8)
    expect(svg).toContain('8 of 10 stations are shown.')
    expect(svg).not.toContain('lowest to highest')
    await expect(read(store, asked({ devices: devices.map(({ device }) => device) }))).rejects.toThrow(
      '10 devices',
    )
  })

  test('of a total has bars from zero, of a direction strokes', async () => {
    const rain = { name: 'precipitation', unit: 'mm', kind: 'total' } as const
    const samples = hourly(
      start,
      Array.from({ length: 72 }, (_, i) => (i % 24) * 10),
    )
    const svg = await draw(windowStore({ device: 'roof', samples, metric: rain }), {
      metric: 'precipitation',
      level: 'day',
      theme: 'light',
    })
    expect(svg).toContain('fill="#00727C" fill-opacity=".28"')
    expect(svg.match(/>2\.8</g)).toHaveLength(3)
    await expect(
      read(
        windowStore({ device: 'roof', samples, metric: rain }),
        asked({ metric: 'precipitation', of: 'mean' }),
      ),
    ).rejects.toMatchObject({ code: 'bad-plot', hint: 'sum, max, daily-sum, daily-max' })
  })

  test('of what there is not tells what there is', async () => {
    await expect(read(year, asked({ metric: 'co2' }))).rejects.toMatchObject({
      code: 'unknown-metric',
      hint: 'temperature',
    })
    await expect(read(year, asked({ devices: ['rof'] }))).rejects.toMatchObject({
      code: 'unknown-device',
      hint: 'roof',
    })
    await expect(read(year, asked({ of: 'daily-max', level: 'hour' }))).rejects.toMatchObject({
      code: 'bad-plot',
    })
    expect(() => numbersOf('--months', '0,13', 1, 12)).toThrow('--months 0,13 is not understood.')
    expect(numbersOf('--months', '7, 1,7', 1, 12)).toEqual([1, 7])
  })

  test('shows the mean of the daily maxima of a month, exact and rounded once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -90_000, max: 60_000 }), { minLength: 1, maxLength: 24 * 70 }),
        async (values) => {
          const store = windowStore({ device: 'roof', samples: hourly(start, values) })
          const { series } = await read(store, asked({ of: 'daily-max', level: 'month' }))
          const days = Map.groupBy(values.entries(), ([i]) => Math.floor(i / 24))
          const maxima = [...days].map(([day, own]) => ({
            month: new Date(start + day * dayMs).getUTCMonth(),
            value: BigInt(Math.max(...own.map(([, value]) => value))),
          }))
          const expected = [...Map.groupBy(maxima, ({ month }) => month).values()].map((own) => {
            const sum = own.reduce((total, { value }) => total + value, 0n)
            const size = ((sum < 0n ? -sum : sum) * 2n + BigInt(own.length)) / (2n * BigInt(own.length))
            return { value: Number(sum < 0n ? -size : size), count: own.length }
          })
          expect(series[0]?.points.map(({ value, count }) => ({ value, count }))).toEqual(expected)
        },
      ),
      { numRuns: 20 },
    )
  })
})

describe('axes', () => {
  test('hold all values between rules that a reader can count on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), { minLength: 1, maxLength: 20 }),
        (values) => {
          const { low, high, major } = valueAxis(values, { unit: 'degC', kind: 'level' }, 256)
          expect(low).toBeLessThanOrEqual(Math.min(...values))
          expect(high).toBeGreaterThanOrEqual(Math.max(...values))
          const rules = multiples(major, low, high)
          expect(rules.length).toBeGreaterThan(1)
          expect(rules.length).toBeLessThan(9)
          expect(String(major)).toMatch(/^[125]0*$/)
        },
      ),
    )
  })

  test('of time go up, whatever the length, the months left out and the changes of clocks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'),
        fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2030, 0) }),
        fc.double({ min: 4, max: 12, noNaN: true }),
        (zone, from, magnitude) => {
          const span = { from, to: from + Math.round(10 ** magnitude) }
          const { rules, labels, names } = timeAxis(timeScale([span], 0, 794), zoneOf(zone), 0)
          for (const times of [rules, labels].map((list) => list.map(({ time }) => time))) {
            expect(times).toEqual([...new Set(times)].sort((a, b) => a - b))
            for (const time of times) expect(time >= span.from && time <= span.to).toBe(true)
          }
          expect(labels.length).toBeLessThan(60)
          expect(names.length).toBeLessThan(30)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('figures have a true minus, round halves away from zero, and are grouped from 10,000 on', () => {
    expect([
      figure(-25_080, 1),
      figure(50, 1),
      figure(-50, 1),
      figure(12_345_678, 0),
      figure(9_999_000, 0),
    ]).toEqual(['\u221225.1', '0.1', '\u22120.1', '12,346', '9999'])
    expect(figure(-1, 3)).toBe('\u22120.001')
    expect(plotLimits.windows).toBeGreaterThan(794)
  })
})
