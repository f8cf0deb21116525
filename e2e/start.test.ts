import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiDevice, ApiDevices, ApiReadings, ApiRollups } from '@barograph/proto/api'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { processesIn, type TerminalCommand, typeCommand } from './harness/newcomer.ts'
import { freePorts } from './harness/ports.ts'
import { root } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { readRows } from './newark/rows.ts'

const newarkRows = readRows().length
const installLimitMs = 300_000
const firstMinuteMs = 60_000
const ctrlCLimitMs = 15_000

describe('npm start from a bare clone', () => {
  let folder = ''
  let clone = ''
  let data = ''
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'barograph-start-')))
    clone = join(folder, 'clone')
    data = join(folder, 'data')
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

  const npmStart = (port: number, mqttPort: number): TerminalCommand =>
    typeCommand(clone, ['npm', 'start'], {
      BAROGRAPH_DATA: data,
      BAROGRAPH_PORT: String(port),
      BAROGRAPH_MQTT_PORT: String(mqttPort),
    })

  async function addressOf(started: TerminalCommand, limitMs: number): Promise<string> {
    return eventually(
      'the address is printed',
      () => {
        if (!started.isRunning()) throw new Error(`it ended:\n${started.stdout()}${started.stderr()}`)
        return /^\s*Page\s+(http:\S+)$/m.exec(started.stdout())?.[1] ?? null
      },
      limitMs,
    )
  }

  const read = async <T>(page: string, path: string): Promise<T> => {
    const answer = await fetch(`${page}${path}`)
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }

  async function deviceOf(page: string, id: string): Promise<ApiDevice | null> {
    const { devices } = await read<ApiDevices>(page, '/api/v1/devices')
    return devices.find((device) => device.id === id) ?? null
  }

  /** Readings of Newark's year that are in its window. */
  async function newarkReceived(page: string): Promise<number> {
    const path = '/api/v1/devices/newark-2013/sensors/airport/rollups?level=year'
    const { rollups } = await read<ApiRollups>(page, path)
    return rollups.reduce((sum, { received }) => sum + received, 0)
  }

  /** The runs of the greenhouse so far: each has an epoch of its own. */
  async function greenhouseEpochs(page: string): Promise<Set<string>> {
    const from = new Date(Date.now() - 3_600_000).toISOString()
    const path = `/api/v1/devices/greenhouse/sensors/bme280/readings?from=${from}&limit=1000`
    const { readings } = await read<ApiReadings>(page, path)
    expect(new Set(readings.map(({ epoch, seq }) => `${epoch} ${seq}`)).size, 'no reading twice').toBe(
      readings.length,
    )
    return new Set(readings.map(({ epoch }) => epoch))
  }

  async function endByCtrlC(started: TerminalCommand): Promise<void> {
    const beganAt = performance.now()
    started.ctrlC()
    const { code, signal, stderr } = await started.ended
    expect([0, 130, 'SIGINT'], stderr).toContain(code ?? signal)
    expect(performance.now() - beganAt).toBeLessThan(ctrlCLimitMs)
    expect(processesIn(clone), 'processes left').toEqual([])
  }

  test('installs itself, prints its address, shows three devices and the whole year, and ends at Ctrl-C', {
    timeout: 600_000,
  }, async () => {
    const [port = 0, mqttPort = 0] = await freePorts(2)
    const started = npmStart(port, mqttPort)
    const page = await addressOf(started, installLimitMs)
    expect(page).toBe(`http://127.0.0.1:${port}`)
    expect(started.stdout()).toContain(`mqtt://127.0.0.1:${mqttPort}`)

    const html = await fetch(page)
    expect(html.status).toBe(200)
    expect(html.headers.get('content-type')).toMatch(/^text\/html/)
    const text = await html.text()
    expect(text).toMatch(/<title>.*Barograph/)
    const script = /<script[^>]+src="([^"]+)"/.exec(text)?.[1]
    const answer = await fetch(new URL(script ?? 'no-script', page))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/javascript/)

    await eventually(
      'three devices are there and the year is complete',
      async () => {
        const { devices } = await read<ApiDevices>(page, '/api/v1/devices')
        const ids = devices.map(({ id }) => id).sort()
        return ids.join() === 'greenhouse,home,newark-2013' && (await newarkReceived(page)) === newarkRows
      },
      firstMinuteMs,
    )
    // A flush writes windows first, streams after them.
    await eventually('Newark stands at its last reading', async () => {
      const newark = await deviceOf(page, 'newark-2013')
      return newark?.status === 'replayed' && newark.newest === '2013-12-30T23:00:00Z'
    })
    const greenhouse = await eventually('the greenhouse is live', async () => {
      const device = await deviceOf(page, 'greenhouse')
      return device?.status === 'live' ? device : null
    })
    expect(greenhouse.sensors).toMatchObject([{ id: 'bme280', origin: 'simulated' }])
    // With internet it has data, without it says so: both in words on the page, and here.
    await eventually(
      'home has readings, or says why not',
      async () => {
        const [sensor] = (await deviceOf(page, 'home'))?.sensors ?? []
        if (sensor?.fault) return /\w+ \w+ \w+/.test(sensor.fault.detail)
        return Boolean(sensor?.newest)
      },
      firstMinuteMs,
    )
    expect((await greenhouseEpochs(page)).size).toBe(1)
    await endByCtrlC(started)
  })

  test('goes on where it was, passes over busy ports, and refuses a second start on the same data', {
    timeout: 300_000,
  }, async () => {
    const [port = 0, mqttPort = 0] = await freePorts(2)
    for (const busy of [port, mqttPort]) {
      const server = createServer()
      onTestFinished(() => void server.close())
      await new Promise<void>((resolve) => server.listen(busy, '127.0.0.1', resolve))
    }
    const started = npmStart(port, mqttPort)
    const page = await addressOf(started, firstMinuteMs)
    for (const busy of [port, mqttPort])
      expect(started.stdout()).toMatch(new RegExp(`Port ${busy} is busy.* \\d+\\.`))
    expect(page).not.toBe(`http://127.0.0.1:${port}`)

    await eventually('the greenhouse goes on', async () => (await greenhouseEpochs(page)).size === 2)
    await eventually('Newark is back', async () => (await deviceOf(page, 'newark-2013'))?.online)
    expect(await newarkReceived(page), 'no reading of the year twice').toBe(newarkRows)

    const [otherPort = 0, otherMqttPort = 0] = await freePorts(2)
    const second = await npmStart(otherPort, otherMqttPort).ended
    expect(second.code).not.toBe(0)
    expect(second.stderr).toMatch(/already runs/)
    expect(second.stderr).toContain(page)
    expect(second.stderr).not.toMatch(/^\s+at /m)
    expect((await deviceOf(page, 'greenhouse'))?.online, 'the first one is undisturbed').toBe(true)
    await endByCtrlC(started)
  })
})
