import { describe, expect, onTestFinished, test } from 'vitest'
import { kafkaTimes } from '../../collector/log/kafka/place.ts'
import { mongoLimits } from '../../collector/store/mongo/place.ts'
import { fleetProblems } from '../chaos/judge/fleet.ts'
import { readMongoStore } from '../chaos/judge/mongo-store.ts'
import type { Collector } from '../harness/collector.ts'
import { type Fleet, startFleet } from '../harness/fleet.ts'
import { temporaryFolder } from '../harness/folder.ts'
import type { Stack } from '../harness/stack.ts'
import { useStacks } from '../harness/use-stack.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'

const needs = [needsMosquitto, needsKafka, needsMongodbToKill]
const title = needs.map((need) => need.title).join(' ')
const partitions = [0, 1, 2, 3]
/** Several devices send into each partition at once. */
const fleetSize = { devices: 8, rate: 25 }
const sessionS = 3
const patienceMs = 180_000

const foldedBy = (collector: Collector): number[] => {
  const { stdout, stderr } = collector.process()
  const said = [...`${stderr()}${stdout()}`.matchAll(/folds these partitions \{"partitions":\[([\d,]*)\]/g)]
  const last = said.at(-1)?.[1]
  return last ? last.split(',').map(Number) : []
}

const storedSoFar = async (collector: Collector): Promise<number> =>
  (await collector.get<{ total: { stored: number } }>('/api/v1/delivery')).total.stored

async function untilMoreIsStored(collector: Collector, count: number): Promise<void> {
  const before = await storedSoFar(collector)
  await eventually(
    `${count} more are stored`,
    async () => (await storedSoFar(collector)) >= before + count,
    patienceMs,
  )
}

/** Every reading that an agent accepted is stored once, and in every window. */
async function expectAllStoredOnce(
  stack: Stack,
  fleet: Fleet,
  collectors: readonly Collector[],
): Promise<void> {
  const ledger = await fleet.finish()
  for (const collector of collectors) expect((await collector.stop()).code).toBe(0)
  expect(ledger).toHaveLength(fleetSize.devices)
  for (const { device, accepted } of ledger) expect(accepted, device).toBeGreaterThan(100)
  expect(fleetProblems(ledger, await readMongoStore(stack.env.BAROGRAPH_STORE_URL ?? ''))).toEqual([])
  const audit = await collectors[0]?.audit()
  expect(audit?.code, `${audit?.stdout}${audit?.stderr}`).toBe(0)
}

describe.skipIf(!needs.every(({ isMet }) => isMet))(`programs that stand still ${title}`, () => {
  const open = useStacks('services', { ownMongo: true })

  test('a collector that goes on after its session with Kafka has ended harms nothing', {
    timeout: 600_000,
  }, async () => {
    const stack = await open({
      folder: temporaryFolder(),
      share: true,
      env: { BAROGRAPH_LOG_KAFKA_SESSIONTIMEOUT: `${sessionS}s` },
    })
    const [one, two] = await Promise.all([stack.collector({ name: 'one' }), stack.collector({ name: 'two' })])
    await one.start()
    await two.start()
    const fleet = startFleet({ broker: stack.broker, ...fleetSize })
    onTestFinished(() => fleet.process.send('SIGKILL'))
    await eventually(
      'each folds partitions of its own',
      () => foldedBy(one).length === 2 && foldedBy(two).length === 2,
      patienceMs,
    )
    await untilMoreIsStored(one, 300)
    two.process().send('SIGSTOP')
    onTestFinished(() => two.process().send('SIGCONT'))
    await eventually(
      'the other has taken all partitions',
      () => String(foldedBy(one)) === String(partitions),
      patienceMs,
    )
    await untilMoreIsStored(one, 500)
    // In the middle of whatever it was doing, it goes on as if nothing had been.
    two.process().send('SIGCONT')
    await eventually('they share again', () => foldedBy(one).length === 2, patienceMs)
    await untilMoreIsStored(one, 300)
    await expectAllStoredOnce(stack, fleet, [two, one])
  })

  test('a Kafka and a store that hang for longer than anybody waits cost no reading and double none', {
    timeout: 600_000,
  }, async () => {
    const stack = await open({ folder: temporaryFolder() })
    const { kafka, mongo } = stack.engines ?? {}
    if (!kafka || !mongo) throw new Error('engines that are not ours')
    onTestFinished(() => {
      kafka.resume()
      mongo.resume()
    })
    const collector = await stack.collector()
    await collector.start()
    const fleet = startFleet({ broker: stack.broker, ...fleetSize })
    onTestFinished(() => fleet.process.send('SIGKILL'))
    await untilMoreIsStored(collector, 300)
    // The store first: Kafka takes what comes meanwhile, and hangs in the middle of that.
    mongo.pause()
    await sleep(mongoLimits.socketMs + 1_000 - kafkaTimes.answerMs)
    kafka.pause()
    await sleep(kafkaTimes.answerMs + 1_000)
    mongo.resume()
    kafka.resume()
    await untilMoreIsStored(collector, 500)
    await expectAllStoredOnce(stack, fleet, [collector])
  })
})
