import type { ApiDeliveries, ApiGaps, ApiLatest, ApiLevelFigures, ApiRollups } from '@barograph/proto/api'
import { describe, expect, test } from 'vitest'
import { createCollector } from './harness/collector.ts'
import { temporaryFolder } from './harness/folder.ts'
import { freePorts } from './harness/ports.ts'
import { agentProgram, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'

/** What the simulator says it did (`--json`). */
interface Ledger {
  readonly devices: readonly {
    readonly device: string
    readonly accepted: number
    readonly late: number
    readonly doubled: number
    readonly lost: number
    readonly stored: number
    readonly refused: number
    readonly left: number
    readonly windows: readonly LedgerWindow[]
  }[]
}

interface LedgerWindow {
  readonly start: string
  readonly count: number
  readonly temperature: { readonly mean: number }
  readonly humidity: { readonly mean: number }
  readonly battery: { readonly min: number; readonly max: number }
}

const deviceCount = 8
const options = '--devices 8 --rate 4.0 --seed 1 --late 5 --duplicate 1 --gap 1 --duration 25s --json'

/** A 10 s window of the collector in the ledger's words. */
function asLedger(window: ApiRollups['rollups'][number]) {
  const figures = (metric: string): ApiLevelFigures => window.metrics[metric] as ApiLevelFigures
  return {
    start: new Date(window.start).toISOString(),
    count: window.received,
    temperature: figures('temperature').mean,
    humidity: figures('humidity').mean,
    battery: [figures('battery').min, figures('battery').max],
  }
}

const shown = ({ start, count, temperature, humidity, battery }: LedgerWindow) => ({
  start,
  count,
  temperature: temperature.mean,
  humidity: humidity.mean,
  battery: [battery.min, battery.max],
})

describe('the simulated fleet', () => {
  test('every window of every device equals the ledger, with late, doubled and lost readings', {
    timeout: 300_000,
  }, async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const fleet = start([agentProgram, 'simulate', ...options.split(' '), '--url', collector.broker])
    const { code, stdout, stderr } = await fleet.ended
    expect(code, stderr).toBe(0)
    const { devices } = JSON.parse(stdout) as Ledger
    expect(devices).toHaveLength(deviceCount)
    for (const kind of ['late', 'doubled', 'lost'] as const)
      expect(
        devices.reduce((sum, device) => sum + device[kind], 0),
        `${kind} readings in all`,
      ).toBeGreaterThan(0)

    const latest = await collector.get<ApiLatest>('/api/v1/latest')
    // The last word of each device, its stop, may come a moment later.
    const deliveries = await eventually('nothing is on its way', async () => {
      const now = await collector.get<ApiDeliveries>('/api/v1/delivery')
      return now.total.onTheWay === 0 ? now : null
    })
    for (const ledger of devices) {
      const { device, accepted, lost, stored, refused, left, windows } = ledger
      expect({ device, refused, left, balance: accepted - stored - lost }).toEqual({
        device,
        refused: 0,
        left: 0,
        balance: 0,
      })
      const [sensor] = latest.devices.find((one) => one.device === device)?.sensors ?? []
      const path = `/api/v1/devices/${device}/sensors/${sensor?.sensor}`
      const { rollups } = await collector.get<ApiRollups>(`${path}/rollups?level=10s&limit=1000`)
      expect(rollups.map(asLedger), device).toEqual(windows.map(shown))
      expect(sensor?.window && asLedger(sensor.window), `newest window of ${device}`).toEqual(
        windows.map(shown).at(-1),
      )
      const { gaps } = await collector.get<ApiGaps>(`${path}/gaps?limit=1000`)
      expect(gaps.map((gap) => gap.cause)).toEqual(gaps.map(() => 'lost'))
      expect(gaps.reduce((sum, gap) => sum + gap.count, 0)).toBe(lost)
      expect(deliveries.devices.find((one) => one.device === device)).toMatchObject({
        lost,
        refused: 0,
        quarantined: 0,
        onTheWay: 0,
        unexplained: 0,
      })
    }
    const audit = await collector.audit()
    expect(audit.code, audit.stdout + audit.stderr).toBe(0)
    await collector.stop()
  })

  test('it serves its devices and their readings over HTTP, in the shape that http sensors read', async () => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const [port] = await freePorts(1)
    const options = ['--devices', '2', '--rate', '4', '--http', `127.0.0.1:${port}`]
    const fleet = start([agentProgram, 'simulate', ...options, '--url', collector.broker])
    const base = `http://127.0.0.1:${port}`
    const read = async (path: string): Promise<{ status: number; type: string; body: unknown }> => {
      const answer = await fetch(`${base}${path}`)
      const type = answer.headers.get('content-type') ?? ''
      return { status: answer.status, type, body: await answer.json() }
    }
    const { body } = await eventually('it lists its devices', async () => {
      const answer = await read('/devices')
      return answer.status === 200 ? answer : null
    })
    expect(body).toMatchObject([{ device_id: 'sim-1' }, { device_id: 'sim-2' }])
    const reading = await eventually('a device has measured', async () => {
      const answer = await read('/devices/sim-2/reading')
      return answer.status === 200 ? answer : null
    })
    expect(reading.type).toMatch(/^application\/json/)
    expect(reading.body).toEqual({
      device_id: 'sim-2',
      ts: expect.any(Number) as number,
      temperature: expect.any(Number) as number,
      humidity: expect.any(Number) as number,
      battery: expect.any(Number) as number,
      status: 'online',
      location: expect.anything() as unknown,
    })
    expect((await read('/devices/sim-3/reading')).status).toBe(404)
    const { code, stdout } = await fleet.stop()
    expect(code).toBe(0)
    expect(stdout, 'the ledger').toMatch(/sim-1 .*\n.*sim-2 /)
  })
})
