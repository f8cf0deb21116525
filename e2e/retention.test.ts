import { makeBatch, type Metric, metricByName, type Run } from '@barograph/proto'
import type { ApiQuarantine, ApiReleased, ApiRollups } from '@barograph/proto/api'
import { expect } from 'vitest'
import type { Collector } from './harness/collector.ts'
import { connectDevice } from './harness/device.ts'
import { collectorProgram, run } from './harness/process.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually } from './harness/wait.ts'

const temperature = metricByName('temperature') as Metric
const stream = { sensor: 'bme280', epoch: '00000000000000aa' }
const hour = 3_600_000
const stacks = useStacks()
const options = { timeout: 240_000 }

/** A reading a second from `start` on, whose values are their numbers. */
function runOf(firstSeq: number, count: number, start: number, epoch = stream.epoch): Run {
  const numbers = Array.from({ length: count }, (_, i) => firstSeq + i)
  const values = Float64Array.from(numbers, (seq) => seq * 1_000)
  const times = Float64Array.from(numbers, (_, i) => start + i * 1_000)
  const columns = [{ metric: temperature, values, flags: null }]
  return { ...stream, epoch, intervalMs: 1_000, firstSeq, times, columns, marks: [] }
}

const release = (collector: Collector, ...args: string[]) =>
  run([collectorProgram, 'release', ...args], collector.env)

async function windowsOf(collector: Collector, level: string) {
  const path = `/api/v1/devices/balcony/sensors/bme280/rollups?level=${level}&limit=1000`
  const { rollups } = await collector.get<ApiRollups>(path)
  return rollups
}
const receivedIn = async (collector: Collector, level: string): Promise<number> =>
  (await windowsOf(collector, level)).reduce((sum, { received }) => sum + received, 0)

testOnStack(
  'readings from the future wait until somebody releases them, with the collector running or not',
  options,
  async () => {
    const collector = await (await stacks()).collector()
    await collector.start()
    const device = await connectDevice(collector.broker, 'balcony')
    const future = Math.floor(Date.now() / hour) * hour + 2 * hour
    const runs = [runOf(1, 10, future - 4 * hour), runOf(11, 30, future)]
    await device.send(makeBatch('balcony', { runs }))
    await device.untilStored(stream.sensor, stream.epoch, 40)
    expect(await receivedIn(collector, 'day')).toBe(10)
    const waiting = await collector.get<ApiQuarantine>('/api/v1/quarantine')
    expect(waiting.items).toMatchObject([
      { device: 'balcony', reason: 'in the future', count: 30, oldest: [{ firstSeq: 11, lastSeq: 40 }] },
    ])

    const listed = await release(collector, '--list')
    expect(listed.stdout).toMatch(/balcony\/bme280 {2}in the future {2}30 entries .* 11-40/)
    const numbers = ['--device', 'balcony', '--epoch', stream.epoch, '--from', '11', '--to', '20']
    expect((await release(collector, ...numbers, '--dry-run')).stdout).toMatch(/10 entries would be released/)
    expect((await release(collector, ...numbers, '--by', 'me', '--why', 'it is right')).code).toBe(0)
    await eventually('the first ten count', async () => (await receivedIn(collector, 'day')) === 20)
    expect((await release(collector)).code).toBe(2)

    await collector.stop()
    const json = await release(
      collector,
      '--device',
      'balcony',
      '--epoch',
      stream.epoch,
      '--to',
      '30',
      '--json',
    )
    expect(JSON.parse(json.stdout)).toMatchObject({ released: 10, records: 1, dryRun: false })
    // It has not been folded yet: the same is said again, and acts once.
    expect((await release(collector, '--all', '--reason', 'in the future')).stdout).toMatch(
      /20 entries released/,
    )
    await collector.start()
    await eventually('all of them count', async () => (await receivedIn(collector, 'day')) === 40)

    const order = JSON.stringify({ device: 'balcony', by: 'me' })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${collector.page}/api/v1/quarantine/release`, {
      method: 'POST',
      headers,
      body: order,
    })
    expect([answer.status, ((await answer.json()) as ApiReleased).released]).toEqual([200, 0])
    const last = (await windowsOf(collector, 'hour')).at(-1)
    expect(last).toMatchObject({ received: 30, metrics: { temperature: { min: 11, max: 40, mean: 25.5 } } })
    expect((await collector.get<ApiQuarantine>('/api/v1/quarantine')).total).toBe(0)
    await expectCleanAudit(collector)
    await collector.stop()
  },
)

testOnStack(
  'what is past its retention goes, its windows are sealed, and what comes late still has its place',
  options,
  async () => {
    const { collector: createCollector, stored } = await stacks()
    const env = { BAROGRAPH_RETENTION_RAW: '4s', BAROGRAPH_RETENTION_10S: '5s' }
    const collector = await createCollector({ env })
    await collector.start()
    const device = await connectDevice(collector.broker, 'balcony')
    const start = Math.floor(Date.now() / hour) * hour - 2 * hour
    // Number 300 never comes; 600 is the end of the epoch, in the middle of a bucket.
    const lost = [{ ...stream, firstSeq: 300, lastSeq: 300, cause: 'buffer full' }]
    const runs = [runOf(1, 299, start), runOf(301, 300, start + 300_000)]
    await device.send(makeBatch('balcony', { runs, lost, ended: [{ ...stream, lastSeq: 600 }] }))
    await eventually(
      'the raw buckets are gone',
      async () => {
        const [epoch] = (await stored.documents('epochs')).values()
        return epoch?.seen !== undefined && (await stored.documents('readings')).size === 0
      },
      60_000,
    )
    await eventually(
      'the windows of ten seconds are gone',
      async () => (await windowsOf(collector, '10s')).length === 0,
      60_000,
    )
    const [epoch] = (await stored.documents('epochs')).values()
    expect(epoch).toMatchObject({
      seen: [1, 299, 301, 600],
      expired: [1, 600],
      lost: { 'buffer full': [300, 300] },
    })
    const sealed = async () => [...(await stored.documents('rollups')).values()].map((one) => one.sealed)
    expect((await sealed()).length).toBeGreaterThan(0)
    expect(await sealed()).not.toContain(false)
    await expectCleanAudit(collector)

    // The lost number turns up, and a stored one is repeated: the device may free both, and neither counts.
    await device.send(makeBatch('balcony', { runs: [runOf(299, 2, start + 298_000)] }))
    await eventually('the device hears that number 300 will not be taken', () =>
      device.receipts
        .flatMap(({ streams }) => streams.flatMap(({ refused }) => refused))
        .some(({ firstSeq, lastSeq, reason }) => firstSeq <= 300 && 300 <= lastSeq && reason === 'expired'),
    )
    expect(await receivedIn(collector, 'hour')).toBe(599)

    // A reading that was never sent before is as old as these, and merges into their sealed windows.
    await device.send(makeBatch('balcony', { runs: [runOf(1, 1, start + 500, '00000000000000bb')] }))
    await eventually('the late reading counts', async () => (await receivedIn(collector, 'hour')) === 600)
    expect(await receivedIn(collector, '10s')).toBe(0)
    expect(await sealed()).not.toContain(false)
    await expectCleanAudit(collector)

    await collector.kill()
    await collector.start()
    await expectCleanAudit(collector)
    // The roll of the new process says how far it is a moment after the page is there.
    await eventually('the metrics tell how far the roll is behind', async () =>
      (await (await fetch(`${collector.page}/metrics`)).text()).includes('barograph_roll_behind_records'),
    )
    await collector.stop()
  },
)
