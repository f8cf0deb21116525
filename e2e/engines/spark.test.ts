import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Batch, partitionOf } from '@barograph/proto'
import { MongoClient } from 'mongodb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { databaseUrl } from '../../scripts/services/mongo.ts'
import { sparkEnvironment, sparkFolder } from '../../scripts/spark/environment.ts'
import { connectDevice } from '../harness/device.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { collectorProgram, root, run } from '../harness/process.ts'
import type { Stack } from '../harness/stack.ts'
import { storedInMongo } from '../harness/stored.ts'
import { useStacks } from '../harness/use-stack.ts'
import { eventually } from '../harness/wait.ts'
import { needsServices, needsSpark } from '../needs.ts'
import { newarkSite, newarkStream } from '../newark/batches.ts'
import { ordersOf } from '../newark/orders.ts'
import { readRows } from '../newark/rows.ts'
import { type SparkJob, startSpark } from '../spark/job.ts'

const execute = promisify(execFile)
/** For what takes a minute on a machine that has nothing else to do. */
const patienceMs = 600_000
const options = { timeout: 2 * patienceMs }

/** The first 25 days of Newark's year. */
const rows = readRows().slice(0, 600)
const partitions = 4
const stations = Array.from({ length: partitions }, (_, partition) => {
  for (let i = 0; ; i++) if (partitionOf(`station-${i}`, partitions) === partition) return `station-${i}`
})

/** Its site and these batches, some at once; resolves when the collector has stored all. */
async function send(broker: string, device: string, batches: readonly Batch[]): Promise<void> {
  const station = await connectDevice(broker, device)
  await station.sendSite(newarkSite, patienceMs)
  for (let i = 0; i < batches.length; i += 20)
    await Promise.all(batches.slice(i, i + 20).map((batch) => station.send(batch)))
  await station.untilStored(newarkStream.sensor, newarkStream.epoch, rows.length, patienceMs)
  await station.close()
}

function jobOn(stack: Stack, args: readonly string[], folder: string): SparkJob {
  const { env } = stack
  return startSpark({
    kafka: env.BAROGRAPH_LOG_URL ?? '',
    topicPrefix: env.BAROGRAPH_LOG_TOPICPREFIX ?? '',
    mongodb: ownDatabase(stack),
    folder,
    args,
  })
}

/** Beside the collector's. */
const ownDatabase = ({ env }: Stack): string => {
  const url = env.BAROGRAPH_STORE_URL ?? ''
  return databaseUrl(url, `${/\/([^/?]+)(\?|$)/.exec(url)?.[1]}-spark`)
}

describe.skipIf(!needsSpark.isMet)(`the Spark job's own code ${needsSpark.title}`, () => {
  test(
    'decodes what our encoder writes, and makes the documents of the fold, dying at any write',
    options,
    async () => {
      const { python } = await sparkEnvironment(() => {})
      const file = join(temporaryFolder(), 'vectors.json')
      // Others each time; what fails names the number of its log.
      const seed = Math.floor(Math.random() * 1e6)
      const made = await run([join(root, 'e2e/spark/vectors.ts'), file, '20', String(seed)])
      expect(made.code, made.stderr).toBe(0)
      const tests = await execute(python, ['-m', 'unittest', '--quiet'], {
        cwd: sparkFolder,
        env: { ...process.env, BAROGRAPH_SPARK_VECTORS: file, PYTHONDONTWRITEBYTECODE: '1' },
      })
      expect(tests.stderr).toMatch(/Ran \d+ tests[^]*OK/)
    },
  )
})

const isMet = needsServices.isMet && needsSpark.isMet

describe.skipIf(!isMet)(`the Spark job beside a collector ${needsServices.title} ${needsSpark.title}`, () => {
  const stacks = useStacks('services')

  test(
    'makes the same windows of shuffled, doubled and late rows, killed in the middle',
    options,
    async () => {
      const stack = await stacks({ partitions })
      const collector = await stack.collector({ args: ['--json'] })
      await collector.start()
      const [one = '', two = '', three = '', four = ''] = stations
      await send(stack.broker, one, ordersOf(one, rows).inOrder)
      const folder = temporaryFolder()
      const first = jobOn(stack, ['--every', '1', '--most-records', '40'], folder)
      const sending = Promise.all([
        send(stack.broker, two, ordersOf(two, rows).shuffled),
        send(stack.broker, three, ordersOf(three, rows).doubled),
        send(stack.broker, four, ordersOf(four, rows).thirdLate),
      ])
      // Its workers first: their task is done again. Then the driver, in the midst of a micro-batch.
      await eventually('it has stored something', () => isUnderWay(first, 1), patienceMs)
      first.kill(first.pids().workers)
      await eventually('it goes on', () => isUnderWay(first, 3), patienceMs)
      first.kill(first.pids().driver)
      expect((await first.running.ended).code).toBe(1)
      await sending
      const second = jobOn(stack, ['--once'], folder)
      const ended = await second.running.ended
      expect(ended.code, ended.stderr).toBe(0)
      expect(second.stored().length).toBeGreaterThan(0)

      await collector.stop()
      const spark = storedInMongo(ownDatabase(stack))
      onTestFinished(() => spark.close())
      const expected = await stack.stored.rollups()
      expect(expected.size).toBeGreaterThan(partitions * rows.length)
      expect(await spark.rollups()).toEqual(expected)
      await expectAudited(stack, one)
    },
  )
})

/** The audit accepts the job's windows, and finds one that was tampered with. */
async function expectAudited(stack: Stack, device: string): Promise<void> {
  const audit = (): ReturnType<typeof run> =>
    run([collectorProgram, 'audit', '--rollups', ownDatabase(stack)], stack.env)
  const { code, stdout, stderr } = await audit()
  expect(code, stdout + stderr).toBe(0)
  const client = new MongoClient(ownDatabase(stack))
  onTestFinished(() => client.close())
  const windows = client.db().collection('rollups')
  await windows.updateOne({ device, level: 'day' }, { $inc: { received: 1 } })
  const tampered = await audit()
  expect(tampered.code).toBe(1)
  expect(tampered.stdout).toContain(`${device}/${newarkStream.sensor}/day/`)
}

/** Throws when it has ended. */
function isUnderWay(job: SparkJob, batches: number): boolean {
  if (!job.running.isRunning()) throw new Error(job.running.stderr().slice(-2_000))
  return job.stored().length >= batches
}
