// A web service that generates readings, an agent that reads it, and the page that shows them: as a whole, and when the
// service is away or answers nonsense.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ApiDevice, ApiDevices, ApiReading, ApiReadings } from '@barograph/proto/api'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { sourceOf } from '../agent/fleet/serve-only.ts'
import { createAgent } from './harness/agent.ts'
import { buildPage, openBrowser } from './harness/browser.ts'
import { createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { freePorts } from './harness/ports.ts'
import { agentProgram, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { needsChromium } from './needs.ts'

if (needsChromium.isMet) beforeAll(buildPage, 120_000)

const seed = 7
const rate = 2

const yamlOf = (url: string): string => `
device: lab
site: { name: Laboratory, latitude: 48.2, longitude: 16.4, altitudeM: 180, timeZone: Europe/Vienna }
sensors:
  - id: lab
    type: http
    url: ${url}
    intervalMs: 500
    time: { pointer: /ts, unit: ms }
    state: { pointer: /status }
    location: { pointer: /location }
    values: { temperature: { pointer: /temperature }, humidity: { pointer: /humidity }, battery: { pointer: /battery } }
`

/** The generator's answers, until something else is asked for. */
async function startProxy(upstream: string) {
  type Change = (body: Record<string, unknown>) => unknown
  let change: Change | 'hang up' = (body) => body
  const server = createServer((_request, response) => {
    if (change === 'hang up') return void response.destroy()
    const own = change
    void fetch(upstream)
      .then(async (answer) => {
        const text = own((await answer.json()) as Record<string, unknown>)
        response.setHeader('content-type', 'application/json')
        response.end(typeof text === 'string' ? text : JSON.stringify(text))
      })
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/reading`,
    answer: (given: Change | 'hang up') => void (change = given),
  }
}

test.skipIf(!needsChromium.isMet)(
  `a web service, the agent that reads it and the page work together, and nothing it answers stops them ${needsChromium.title}`,
  { timeout: 600_000 },
  async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const [port] = await freePorts(1)
    const asked = `--devices 2 --rate ${rate} --seed ${seed} --http 127.0.0.1:${port} --no-uplink`
    const generator = start([agentProgram, 'simulate', ...asked.split(' ')])
    await eventually('it serves', () => generator.stderr().includes('/devices, sent nowhere'))
    const proxy = await startProxy(`http://127.0.0.1:${port}/devices/sim-2/reading`)
    const agent = createAgent({ folder, name: 'lab', yaml: yamlOf(proxy.url), broker: collector.broker })
    agent.start()

    const device = async (): Promise<ApiDevice | undefined> =>
      (await collector.get<ApiDevices>('/api/v1/devices')).devices[0]
    const entries = async (): Promise<ApiReadings['readings']> =>
      (await collector.get<ApiReadings>('/api/v1/devices/lab/sensors/lab/readings?limit=1000')).readings
    const readings = async (): Promise<ApiReading[]> =>
      (await entries()).filter((entry): entry is ApiReading => entry.kind === 'reading')
    /** Until readings come again after what went wrong. */
    const untilMore = async (): Promise<void> => {
      proxy.answer((body) => body)
      const { length } = await readings()
      await eventually('readings come', async () => (await readings()).length > length + 1)
      await eventually('all is well', async () => (await device())?.sensors[0]?.fault === null)
    }
    await eventually('the first reading is stored', async () => Boolean((await device())?.sensors[0]?.newest))
    await untilMore()

    const open = await openBrowser()
    const { page, problems } = await open(`${collector.page}/?device=lab`)
    const state = page.locator('p.state')
    const stateSays = (words: RegExp): Promise<unknown> =>
      eventually(`the page says ${words}`, async () => words.test(await state.innerText()))
    await stateSays(/Live.*Battery \d+\s%\. State: online\. Location: Simulated 2\./)
    for (const metric of ['temperature', 'humidity', 'battery'])
      await page.locator(`.reading[data-key="${metric}"]`).waitFor()

    proxy.answer((body) => ({ ...body, status: { is: 'odd' }, location: undefined }))
    await stateSays(
      /State: not known: .*odd.* at \/status is no text\. Location: not known: nothing at \/location\./,
    )
    expect((await device())?.sensors[0]?.fault).toBe(null)

    for (const [answer, code, words] of [
      ['hang up', 'connection-lost', /broke off its answer|failed/],
      [() => '<html>Sign in</html>', 'bad-response', /what is not JSON.*Sign in/],
      [() => '{"temperature": 2', 'bad-response', /what is not JSON/],
      [
        (body: object) => ({ ...body, temperature: 'warm' }),
        'bad-value',
        /warm.*at \/temperature: no number/,
      ],
      [(body: object) => ({ ...body, ts: { at: 1 } }), 'bad-value', /at \/ts, which is no time/],
      [(body: object) => ({ ...body, humidity: undefined }), 'missing-value', /nothing at \/humidity/],
    ] as const) {
      proxy.answer(answer)
      const fault = await eventually(`it tells of ${code}`, async () => {
        const now = (await device())?.sensors[0]?.fault
        return now && words.test(now.detail) ? now : null
      })
      expect(fault.code).toBe(code)
      if (code === 'missing-value') await stateSays(/Sensor fault: lab/)
      await untilMore()
    }

    // A value that no air has is kept with its flag; one that is null is not there.
    proxy.answer((body) => ({ ...body, humidity: 250, battery: null }))
    const odd = await eventually(
      'the odd reading is stored',
      async () => (await readings()).find(({ flags }) => flags !== undefined) ?? null,
    )
    expect(odd.values).toEqual({ temperature: expect.any(Number) as number, humidity: 250 })
    expect(odd.flags).toMatchObject({ humidity: expect.anything() as unknown })
    await untilMore()

    generator.send('SIGKILL')
    await stateSays(/Sensor fault: lab/)
    expect(agent.process().isRunning()).toBe(true)
    expect((await agent.stop()).code).toBe(0)

    // What is stored is what the generator has for these instants, each once.
    const stored = (await readings()).filter(({ flags }) => flags === undefined)
    expect(new Set(stored.map(({ time }) => time)).size).toBe(stored.length)
    for (const { time, values } of stored) {
      const now = () => Date.parse(time)
      const { timeMs, ...expected } = sourceOf(2, { rate, seed, prefix: 'sim' }, { now }).latest() ?? {}
      expect(timeMs).toBe(now())
      expect(values).toEqual(
        Object.fromEntries(Object.entries(expected).map(([name, value]) => [name, value / 1000])),
      )
    }
    expect(problems).toEqual([])
    const audit = await collector.audit()
    expect(audit.code, audit.stdout + audit.stderr).toBe(0)
    await collector.stop()
  },
)
