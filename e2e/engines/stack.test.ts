import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Batch, partitionOf, sizeOf } from '@barograph/proto'
import type { ApiDeliveries, ApiLatest, ApiRollups, LiveFrame } from '@barograph/proto/api'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Collector } from '../harness/collector.ts'
import { connectDevice } from '../harness/device.ts'
import type { Json } from '../harness/documents.ts'
import { agentProgram, collectorProgram, run, start } from '../harness/process.ts'
import { type Stack, startStack } from '../harness/stack.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { expectCleanAudit, useStacks } from '../harness/use-stack.ts'
import { eventually } from '../harness/wait.ts'
import { newarkYaml } from '../newark/agent-yaml.ts'
import { newarkSite, newarkStream } from '../newark/batches.ts'
import { ordersOf } from '../newark/orders.ts'
import { csvPath, readRows } from '../newark/rows.ts'
import { chosenStack, needsServices } from '../needs.ts'
import { foldedBy } from './kafka-rig.ts'

/** Newark's whole year where real engines were asked for (`npm test -- --stack services`), else its first 25 days. */
const rows = chosenStack === 'services' ? readRows() : readRows().slice(0, 600)
const partitions = 4
/** One in each partition, so that whoever rolls has something to do. */
const stations = Array.from({ length: partitions }, (_, partition) => {
  for (let i = 0; ; i++) if (partitionOf(`station-${i}`, partitions) === partition) return `station-${i}`
})
const [replayed = '', ...sentByHand] = stations
/** For what takes a few seconds on a machine that has nothing else to do, and a minute or two of a whole year. */
const patienceMs = chosenStack === 'services' ? 900_000 : 240_000
const options = { timeout: 2 * patienceMs }

/** Its site and these batches, so many on their way at once; resolves when all is stored. */
async function send(broker: string, device: string, batches: readonly Batch[]): Promise<void> {
  const station = await connectDevice(broker, device)
  await station.sendSite(newarkSite, patienceMs)
  for (let i = 0; i < batches.length; i += 20)
    await Promise.all(batches.slice(i, i + 20).map((batch) => station.send(batch)))
  await station.untilStored(newarkStream.sensor, newarkStream.epoch, rows.length, patienceMs)
  await station.close()
}

const sendInOrder = async (broker: string): Promise<unknown> =>
  Promise.all(stations.map((device) => send(broker, device, ordersOf(device, rows).inOrder)))

interface Made {
  readonly rollups: Map<string, Json>
  /** Statistics and a plot, byte by byte. */
  readonly figures: Readonly<Record<string, string>>
}

/** partition-N.json, written for these partitions at a time, and a plot of all stations, from what is stored. */
async function figuresOf(stack: Stack, shares: readonly string[]): Promise<Record<string, string>> {
  const out = join(stack.folder, 'figures')
  const plot = ['plot', '--of', 'daily-max', '--level', 'month', '--device', stations.join(',')]
  for (const args of [
    ...shares.map((share) => ['stats', '--of', 'daily-max', '--partitions', share, '--out', out]),
    [...plot, '--out', join(out, 'plot.svg')],
  ]) {
    const { code, stdout, stderr } = await run([collectorProgram, ...args], stack.env)
    expect(code, stdout + stderr).toBe(0)
  }
  return Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(join(out, name), 'utf8')]))
}

let reference: Made | null = null

/** What the embedded parts make of these rows, sent in order. */
async function embedded(): Promise<Made> {
  if (reference) return reference
  const stack = await startStack('embedded', { folder: temporaryFolder() })
  const collector = await stack.collector()
  await collector.start()
  await sendInOrder(stack.broker)
  await collector.stop()
  const rollups = await stack.stored.rollups()
  // An hour each, and the days, weeks and months that they make.
  expect(rollups.size).toBeGreaterThan(stations.length * rows.length)
  const figures = await figuresOf(stack, ['0,1,2,3'])
  expect(Object.keys(figures).sort()).toEqual([
    ...stations.map((_, partition) => `partition-${partition}.json`),
    'plot.svg',
  ])
  for (const [partition, device] of stations.entries())
    expect(figures[`partition-${partition}.json`]).toContain(`"${device}"`)
  reference = { rollups, figures }
  return reference
}

/** A real agent replays the rows, as fast as it can. */
async function replay(stack: Stack): Promise<void> {
  const file = join(stack.folder, 'rows.csv')
  const lines = readFileSync(csvPath, 'utf8').split('\n')
  writeFileSync(file, `${lines.slice(0, rows.length + 1).join('\n')}\n`)
  const agent = stack.agent({ name: replayed, yaml: newarkYaml(replayed, 'max', file) })
  agent.start()
  const accepted = (): number => agent.streams().reduce((sum, { lastSeq }) => sum + lastSeq, 0)
  await eventually(
    'all that the agent accepted is stored',
    () => accepted() > rows.length && agent.rows() === 0,
    patienceMs,
  )
  expect((await agent.stop()).code).toBe(0)
}

async function startAll(collectors: readonly Collector[]): Promise<void> {
  for (const collector of collectors) await collector.start()
}

const stopAll = async (collectors: readonly Collector[]): Promise<void> => {
  for (const { code, stderr } of await Promise.all(collectors.map((one) => one.stop())))
    expect(code, stderr).toBe(0)
}

/** A test asks for each station's numbers, and reading them throws when one is there twice. */
async function expectStoredOnce(stack: Stack): Promise<void> {
  for (const device of stations) {
    const [numbers] = (await stack.stored.numbers(device)).values()
    expect(sizeOf(numbers ?? []), device).toBeGreaterThanOrEqual(rows.length)
  }
}

describe.skipIf(!needsServices.isMet)(`Mosquitto, Kafka and MongoDB ${needsServices.title}`, () => {
  const stacks = useStacks('services')

  test(
    'replayed, shuffled, doubled and late rows become the windows and figures of the embedded parts, by two collectors',
    options,
    async () => {
      const { rollups, figures } = await embedded()
      const stack = await stacks({ share: true })
      const one = await stack.collector({ name: 'one', args: ['--json'] })
      const two = await stack.collector({ name: 'two', args: ['--json'] })
      const collectors = [one, two]
      await startAll(collectors)
      await eventually('each folds two partitions', () =>
        collectors.every((collector) => foldedBy(collector.process()).length === partitions / 2),
      )
      const [shuffled = '', doubled = '', late = ''] = sentByHand
      await Promise.all([
        replay(stack),
        send(stack.broker, shuffled, ordersOf(shuffled, rows).shuffled),
        send(stack.broker, doubled, ordersOf(doubled, rows).doubled),
        send(stack.broker, late, ordersOf(late, rows).thirdLate),
      ])
      await expectCleanAudit(one)
      await stopAll(collectors)
      await expectStoredOnce(stack)
      expect(await stack.stored.rollups()).toEqual(rollups)
      expect(await figuresOf(stack, ['0,1,2,3'])).toEqual(figures)
    },
  )

  test(
    'fixed partitions make the same windows and figures, also where two collectors claim the same ones',
    options,
    async () => {
      const { rollups, figures } = await embedded()
      const stack = await stacks({ share: true })
      const collectors = await Promise.all(
        ['0,2', '1,3', '1,3'].map((fixed, i) =>
          stack.collector({ name: `fixed-${i}`, args: ['--json', '--partitions', fixed] }),
        ),
      )
      await startAll(collectors)
      expect(collectors.map((one) => foldedBy(one.process()))).toEqual([
        [0, 2],
        [1, 3],
        [1, 3],
      ])
      await sendInOrder(stack.broker)
      await stopAll(collectors)
      await expectStoredOnce(stack)
      expect(await stack.stored.rollups()).toEqual(rollups)
      expect(await figuresOf(stack, ['0,2', '1,3'])).toEqual(figures)
    },
  )

  test('two bridges, two rolls and two pages are programs of their own', options, async () => {
    const stack = await stacks({ share: true })
    const pair = (role: string): Promise<Collector[]> =>
      Promise.all(
        ['one', 'two'].map((name) =>
          stack.collector({ name: `${role}-${name}`, args: ['--json', '--roles', role] }),
        ),
      )
    const [bridges, rolls, pages] = [await pair('bridge'), await pair('roll'), await pair('serve')]
    const all = [...bridges, ...rolls, ...pages]
    await startAll(all)
    const live = pages.map(listen)
    const fleet = startFleet(stack.broker)
    for (const { frames } of live) {
      await eventually(
        'readings come alive',
        () => frames.some(({ type }) => type === 'readings'),
        patienceMs,
      )
      await eventually(
        'windows come alive',
        () => frames.some((frame) => frame.type === 'changes' && frame.rollups.length > 0),
        patienceMs,
      )
    }
    const { code, stdout, stderr } = await fleet.ended
    expect(code, stderr).toBe(0)
    const { devices } = JSON.parse(stdout) as Ledger
    expect(devices).toHaveLength(partitions)
    const accepted = devices.reduce((sum, one) => sum + one.accepted, 0)
    for (const { device, ...counts } of devices) {
      expect(counts, device).toMatchObject({ stored: counts.accepted, lost: 0, refused: 0, left: 0 })
      // Throws when one is there twice. Its start is an entry too.
      const [numbers] = (await stack.stored.numbers(device)).values()
      expect(sizeOf(numbers ?? []), device).toBeGreaterThan(counts.accepted)
    }
    for (const page of pages) {
      await eventually('nothing is on its way', async () => {
        const { total } = await page.get<ApiDeliveries>('/api/v1/delivery')
        return total.onTheWay === 0 && total.stored >= accepted
      })
      const latest = await page.get<ApiLatest>('/api/v1/latest')
      expect(new Set(latest.devices.map(({ device }) => device))).toEqual(
        new Set(devices.map(({ device }) => device)),
      )
      for (const { device, sensors } of latest.devices) {
        expect(sensors[0]?.window?.metrics.temperature, device).toMatchObject({ unit: 'degC' })
        const { rollups } = await page.get<ApiRollups>(
          `/api/v1/devices/${device}/sensors/sim/rollups?level=day`,
        )
        const received = rollups.reduce((sum, window) => sum + window.received, 0)
        expect(received, device).toBe(devices.find((one) => one.device === device)?.accepted)
      }
    }
    for (const { close } of live) close()
    for (const roll of rolls.slice(0, 1)) await expectCleanAudit(roll)
    await stopAll(all)
  })
})

/** What the simulator says it did (`--json`). */
interface Ledger {
  readonly devices: readonly {
    readonly device: string
    readonly accepted: number
    readonly lost: number
    readonly stored: number
    readonly refused: number
    readonly left: number
  }[]
}

/** Real agents with buffers of their own sample for a while and then wait until all is stored. */
function startFleet(broker: string) {
  const words = `simulate --devices ${partitions} --rate 10 --seed 1 --late 2 --duration 8s --drain-limit 220s --json`
  return start([agentProgram, ...words.split(' '), '--url', broker])
}

/** What a browser on this page hears. */
function listen({ page }: Collector): { readonly frames: readonly LiveFrame[]; close(): void } {
  const frames: LiveFrame[] = []
  const socket = new WebSocket(`${page.replace('http', 'ws')}/api/v1/live`)
  socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as LiveFrame))
  onTestFinished(() => socket.close())
  return { frames, close: () => socket.close() }
}
