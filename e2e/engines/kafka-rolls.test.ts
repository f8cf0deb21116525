import { type Batch, makeBatch, partitionOf } from '@barograph/proto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCollector } from '../harness/collector.ts'
import { connectDevice } from '../harness/device.ts'
import { comparableRollups, countStored } from '../harness/documents.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { freePorts } from '../harness/ports.ts'
import { collectorProgram, type Running, start } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import { batchesOf, newarkSite } from '../newark/batches.ts'
import { readRows } from '../newark/rows.ts'
import { needsKafka } from '../needs.ts'
import { foldedBy, useKafka } from './kafka-rig.ts'

const partitions = 4
const rows = readRows().slice(0, 2_000)
/** One in each partition. */
const devices = Array.from({ length: partitions }, (_, partition) => {
  for (let i = 0; ; i++) if (partitionOf(`station-${i}`, partitions) === partition) return `station-${i}`
})
const total = devices.length * rows.length

/** Every device sends its site and its rows, from this share of them to that. */
async function send(broker: string, from: number, to: number): Promise<void> {
  await Promise.all(
    devices.map(async (device) => {
      const station = await connectDevice(broker, device)
      const batches: Batch[] = [
        makeBatch(device, { site: newarkSite }),
        ...batchesOf(device, rows, () => 100),
      ]
      const part = batches.slice(Math.floor(from * batches.length), Math.floor(to * batches.length))
      for (const batch of part) await station.send(batch)
      await station.close()
    }),
  )
}

type Documents = Map<string, Record<string, unknown>>

async function documentsOfEmbedded(): Promise<Documents> {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  await send(collector.broker, 0, 1)
  await eventually('all of it is stored', () => countStored(folder) === total, 60_000)
  await collector.stop()
  return comparableRollups(folder)
}

/** A door for devices, and rolls that share one Kafka and one store. */
async function startRoles(kafka: string, prefix: string) {
  const folder = temporaryFolder()
  const [mqttPort = 0] = await freePorts(1)
  const broker = `mqtt://127.0.0.1:${mqttPort}`
  const env = {
    BAROGRAPH_LOG_URL: kafka,
    BAROGRAPH_LOG_TOPICPREFIX: prefix,
    BAROGRAPH_LOG_KAFKA_SESSIONTIMEOUT: '3s',
    BAROGRAPH_STORE_URL: `sqlite:${folder}/store.db`,
  }
  const run = async (more: Readonly<Record<string, string>>, ...args: string[]): Promise<Running> => {
    const running = start([collectorProgram, 'run', '--json', ...args], { ...env, ...more })
    onTestFinished(() => running.send('SIGKILL'))
    await eventually(
      `run ${args.join(' ')} is ready`,
      () => {
        if (!running.isRunning()) throw new Error(running.stderr())
        return /is ready/.test(running.stderr() + running.stdout())
      },
      60_000,
    )
    return running
  }
  const door = await run({ BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${mqttPort}` }, '--roles', 'broker,bridge')
  const roll = (name: string, ...args: string[]): Promise<Running> =>
    run({ BAROGRAPH_MQTT_URL: broker, BAROGRAPH_MQTT_NAME: name }, '--roles', 'roll', ...args)
  return { folder, broker, door, roll }
}

describe.skipIf(!needsKafka.isMet)(`rolls that share a log in Kafka ${needsKafka.title}`, () => {
  const kafka = useKafka()
  let embedded: Documents | null = null

  test('take over the partitions of one that was killed, and make the windows of the embedded log', async () => {
    embedded = await documentsOfEmbedded()
    expect(embedded.size).toBeGreaterThan(devices.length * 80)
    const { folder, broker, roll } = await startRoles(kafka().url, 'shared')
    const rolls = [await roll('roll-a'), await roll('roll-b')] as const
    await eventually(
      'each has two partitions',
      () => rolls.every((one) => foldedBy(one).length === 2),
      60_000,
    )
    expect(new Set(rolls.flatMap(foldedBy))).toEqual(new Set([0, 1, 2, 3]))
    await send(broker, 0, 0.5)
    rolls[0].send('SIGKILL')
    await send(broker, 0.5, 1)
    await eventually('all of it is stored', () => countStored(folder) === total, 60_000)
    expect((await rolls[1].stop()).code).toBe(0)
    expect(comparableRollups(folder)).toEqual(embedded)
  })

  test('make the same windows with fixed partitions, also where two fold the same ones', async () => {
    embedded ??= await documentsOfEmbedded()
    const { folder, broker, roll } = await startRoles(kafka().url, 'fixed')
    const rolls = [await roll('roll-a', '--partitions', '0,1,2'), await roll('roll-b', '--partitions', '2,3')]
    await send(broker, 0, 1)
    await eventually('all of it is stored', () => countStored(folder) === total, 60_000)
    await Promise.all(rolls.map((one) => one.stop()))
    expect(comparableRollups(folder)).toEqual(embedded)
  })
})
