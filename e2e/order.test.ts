import { type Batch, makeBatch } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { connectDevice } from './harness/device.ts'
import { seeded, shuffled } from './harness/random.ts'
import { expectCleanAudit, useStacks } from './harness/use-stack.ts'
import { needsStack } from './needs.ts'
import { batchesOf, newarkSite, newarkStream } from './newark/batches.ts'
import { expectedRollups } from './newark/expected.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const stacks = useStacks()
const device = 'newark'
const threeWeeksMs = 21 * 86_400_000

/** Sends the year in this order and returns the rollup documents it makes. */
async function documentsAfter(order: readonly Batch[]): Promise<Map<string, Record<string, unknown>>> {
  const stack = await stacks()
  const collector = await stack.collector()
  await collector.start()
  const station = await connectDevice(collector.broker, device)
  await station.send(makeBatch(device, { site: newarkSite }))
  for (let i = 0; i < order.length; i += 50)
    await Promise.all(order.slice(i, i + 50).map((batch) => station.send(batch)))
  await station.untilStored(newarkStream.sensor, newarkStream.epoch, rows.length, 240_000)
  await expectCleanAudit(collector)
  await station.close()
  await collector.stop()
  expect(await stack.stored.count()).toBe(rows.length)
  return stack.stored.rollups()
}

/** Every third batch comes only when the data around it is three weeks ahead. */
function thirdLate(batches: readonly Batch[]): Batch[] {
  const timeOf = (batch: Batch): number => batch.runs[0]?.times[0] ?? 0
  return batches
    .map((batch, i) => ({ batch, at: timeOf(batch) + (i % 3 === 0 ? threeWeeksMs : 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ batch }) => batch)
}

describe.skipIf(!needsStack.isMet)(
  `rollup documents are the same${needsStack.title}`,
  { timeout: 300_000 },
  () => {
    const inOrder = batchesOf(device, rows, () => 100)
    const odd = seeded(1)
    const oddlyCut = batchesOf(device, rows, () => 1 + Math.floor(odd() * 40))
    let reference: Map<string, Record<string, unknown>> | null = null

    test('and complete, when messages arrive in order', async () => {
      reference = await documentsAfter(inOrder)
      const count = (['hour', 'day', 'week', 'month', 'year'] as const).reduce(
        (sum, level) => sum + expectedRollups(rows, level).length,
        0,
      )
      expect(reference.size).toBe(count)
    })

    test.each<[string, () => readonly Batch[]]>([
      ['shuffled across days and cut otherwise', () => shuffled(oddlyCut, seeded(2))],
      ['doubled', () => shuffled([...inOrder, ...oddlyCut], seeded(3))],
      ['a third of them three weeks late', () => thirdLate(oddlyCut)],
    ])('when messages arrive %s', async (_, order) => {
      expect(await documentsAfter(order())).toEqual(reference)
    })
  },
)
