import { intersect, lastOf, type RangeSet, sizeOf, subtract } from '@barograph/proto'
import { expect } from 'vitest'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually, sleep } from './harness/wait.ts'

const outageMs = 60_000
const intervalMs = 200
// Small batches and a slow backfill, so that live readings and backfill share the line for a while. The rate lets the
// backlog begin long after the first reading came.
const yaml = `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
uplink: { maxBatchEntries: 20, backfillPerSecond: 20 }
sensors:
  - { id: bme280, type: simulated, intervalMs: ${intervalMs}, seed: 1 }
`

const stacks = useStacks()

const title =
  'a broker that is away for a minute costs no reading: live ones come first, the backlog behind them'

testOnStack(title, { timeout: 240_000 }, async () => {
  const stack = await stacks()
  const collector = await stack.collector()
  await collector.start()
  const broker = stack.engines?.mosquitto ?? { kill: collector.kill, restart: collector.start }
  const agent = stack.agent({ name: 'balcony', yaml })
  agent.start()
  const stream = () => {
    const [only] = agent.streams()
    if (!only) throw new Error('nothing was accepted yet')
    return { ...only, key: `${only.sensor} ${only.epoch}` }
  }
  await eventually('some readings are stored', () => stream().lastSeq - sizeOf(stream().rows) >= 20)

  await broker.kill()
  // What was sent, and not yet acknowledged, is sent again before anything else.
  const { lastSeq: sentBefore } = stream()
  await sleep(outageMs)
  const loggedBefore = (await stack.logged()).at(-1)?.key ?? -1
  const { rows: backlog } = stream()
  expect(sizeOf(backlog)).toBeGreaterThan(((outageMs / intervalMs) * 2) / 3)

  await broker.restart()
  await eventually('the backlog is gone', () => intersect(backlog, stream().rows).length === 0)
  const runs = (await stack.logged())
    .filter(({ key }) => key > loggedBefore)
    .flatMap(({ batch }) => batch.runs)
    .map(({ firstSeq, times }): RangeSet => [firstSeq, firstSeq + times.length - 1])
    .filter(([, last = 0]) => last > sentBefore)
  const newest = lastOf(backlog)
  const isLive = (run: RangeSet): boolean => (run[0] ?? 0) > newest
  expect(runs.slice(0, 1).map(isLive), 'the first batch after the outage is live').toEqual([true])
  const lastBackfill = runs.findLastIndex((run) => !isLive(run))
  const liveBetween = runs.slice(0, lastBackfill).filter(isLive)
  expect(liveBetween.length, 'live batches that overtook the backlog').toBeGreaterThan(3)
  const backfill = runs.filter((run) => !isLive(run)).map((run) => run[0] ?? 0)
  expect(backfill, 'the backlog comes in its order').toEqual(backfill.toSorted((a, b) => a - b))

  await agent.stop()
  const { key, lastSeq, rows: left } = stream()
  await eventually(
    'every number that the agent accepted is stored, once, or still in its buffer',
    async () => {
      const stored = (await stack.stored.numbers('balcony')).get(key) ?? []
      return subtract(subtract([1, lastSeq], stored), left).length === 0
    },
  )
  await expectCleanAudit(collector)
  await collector.stop()
})
