import { isCoded, limits } from '@barograph/proto'
import kafkajs from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runServerAudit } from '../../collector/audit/audit.ts'
import { createWorld, fillWorld } from '../../collector/audit/testing/world.ts'
import type { Log } from '../../collector/core/log.ts'
import { createKafkaDeadLetters } from '../../collector/log/kafka/dead-letters.ts'
import { createKafkaLog, type KafkaLogOptions, openKafkaLog } from '../../collector/log/kafka/log.ts'
import { joinMembers } from '../../collector/log/kafka/members.ts'
import { numberIn, recordOf } from '../../collector/log/testing/records.ts'
import { eventually } from '../harness/wait.ts'
import { needsKafka } from '../needs.ts'
import { logAt, useKafka } from './kafka-rig.ts'

const textOf = (value: Uint8Array): string => new TextDecoder().decode(value)
const device = 'device-0'
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => recordOf(device, from + i))

async function adminOf({
  place,
}: KafkaLogOptions): Promise<ReturnType<InstanceType<typeof kafkajs.Kafka>['admin']>> {
  const kafka = new kafkajs.Kafka({ brokers: [...place.brokers], logLevel: kafkajs.logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  onTestFinished(() => admin.disconnect())
  return admin
}

async function openLog(options: KafkaLogOptions): Promise<Log> {
  const log = await createKafkaLog(options)
  onTestFinished(() => log.close())
  return log
}

async function placeOf(log: Log): Promise<number> {
  const [place] = await log.append([recordOf(device, 0)])
  return place?.partition ?? -1
}

describe.skipIf(!needsKafka.isMet)(`a log in Kafka ${needsKafka.title}`, () => {
  const broker = useKafka()

  it('has another id when its topic was deleted and made anew, and who had it open is told', async () => {
    const options = logAt(broker())
    const log = await openLog(options)
    const partition = await placeOf(log)
    const admin = await adminOf(options)
    await admin.deleteTopics({ topics: [`${options.topicPrefix}.readings`] })
    await expect(log.extent(partition)).rejects.toMatchObject({ code: 'log-missing', retryable: true })
    const anew = await openLog(options)
    expect(anew.id).not.toBe(log.id)
    expect(await anew.extent(partition)).toEqual({ first: 0, next: 0 })
    await expect(log.extent(partition)).rejects.toMatchObject({ code: 'log-replaced', retryable: false })
  })

  it('keeps its id when records are deleted, and begins where they end', async () => {
    const options = logAt(broker())
    const log = await openLog(options)
    const partition = await placeOf(log)
    await log.append(numbered(1, 10))
    const admin = await adminOf(options)
    const topic = `${options.topicPrefix}.readings`
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: '6' }] })
    expect(await log.extent(partition)).toEqual({ first: 6, next: 10 })
    expect((await log.read(partition, 0, 99)).map(({ value }) => numberIn(value))).toEqual([6, 7, 8, 9])
    expect(await log.hashBefore(partition, 6)).toBeNull()
    const again = await openKafkaLog(options)
    expect(again.id).toBe(log.id)
    await again.close()
  })

  it('skips what is not of ours: without our headers, or of a device that belongs elsewhere', async () => {
    const options = logAt(broker())
    const log = await openLog(options)
    const partition = await placeOf(log)
    const kafka = new kafkajs.Kafka({
      brokers: [...options.place.brokers],
      logLevel: kafkajs.logLevel.NOTHING,
    })
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    const headers = { kind: 'batch', ingest: '1700000000000', version: '1' }
    await producer.send({
      topic: `${options.topicPrefix}.readings`,
      messages: [
        { partition, key: device, value: 'no headers' },
        { partition: (partition + 1) % 4, key: device, value: 'in a wrong partition', headers },
        { partition, key: device, value: null, headers: { ...headers, version: '2' } },
        { partition, key: device, value: 'as it should be', headers },
      ],
    })
    await producer.disconnect()
    // A slow broker may be asked twice.
    const kinds = async (of: number, from: number) =>
      new Set((await log.read(of, from, 99)).map(({ kind, value }) => `${kind}: ${textOf(value)}`))
    expect(await kinds(partition, 1)).toEqual(
      new Set(['foreign: no headers', 'foreign: ', 'batch: as it should be']),
    )
    expect(await kinds((partition + 1) % 4, 0)).toEqual(new Set(['foreign: in a wrong partition']))
  })

  it('is the same to any consumer: key, value and headers', async () => {
    const options = logAt(broker())
    const log = await openLog(options)
    const late = { ...recordOf(device, 1), quarantineAfterMs: 1_700_000_300_000 }
    const [place] = await log.append([late])
    const kafka = new kafkajs.Kafka({
      brokers: [...options.place.brokers],
      logLevel: kafkajs.logLevel.NOTHING,
    })
    const consumer = kafka.consumer({ groupId: 'somebody-else' })
    onTestFinished(() => consumer.disconnect())
    await consumer.connect()
    await consumer.subscribe({ topics: [`${options.topicPrefix}.readings`], fromBeginning: true })
    const message = Promise.withResolvers<kafkajs.EachMessagePayload>()
    await consumer.run({ eachMessage: async (payload) => message.resolve(payload) })
    const seen = await message.promise
    expect(seen.partition).toBe(place?.partition)
    expect(seen.message.key?.toString()).toBe(device)
    expect(new Uint8Array(seen.message.value ?? [])).toEqual(late.value)
    expect(seen.message.timestamp).toBe('1700000000000')
    const headers = Object.entries(seen.message.headers ?? {}).map(([name, value]) => [name, String(value)])
    expect(Object.fromEntries(headers)).toEqual({
      kind: 'batch',
      ingest: '1700000000000',
      'quarantine-after': '1700000300000',
      version: '1',
    })
  })

  it('a topic with another number of partitions is refused in one sentence', async () => {
    const options = logAt(broker(), { partitions: 3 })
    await (await createKafkaLog(options)).close()
    await expect(createKafkaLog({ ...options, partitions: 4 })).rejects.toMatchObject({
      code: 'log-partitions',
      message: `Topic ${options.topicPrefix}.readings has 3 partitions, 4 are configured.`,
    })
  })

  it('is another log when its topic got more partitions', async () => {
    const options = logAt(broker(), { partitions: 1 })
    const log = await openLog(options)
    const admin = await adminOf(options)
    await admin.createPartitions({
      topicPartitions: [{ topic: `${options.topicPrefix}.readings`, count: 2 }],
    })
    const more = await openLog({ ...options, partitions: 2 })
    expect(more.id).not.toBe(log.id)
  })

  it('keeps devices in the topics of their routes, shares all partitions, and audits clean', async () => {
    const { topicPrefix, ...rest } = logAt(broker(), { partitions: 2 })
    const plant = `${topicPrefix}.plant`
    const options = { ...rest, topicPrefix, routes: [{ device: 'cell*', topic: plant }] }
    const log = await createKafkaLog(options)
    const world = createWorld({ log })
    onTestFinished(() => world.close())
    expect(log.partitions).toBe(4)
    const members = joinMembers({ ...options, sessionMs: 6_000 })
    const owned = new Promise<readonly number[]>((resolve) =>
      members.watch((partitions) => resolve([...partitions].sort((a, b) => a - b))),
    )
    await fillWorld(world, 1)
    await world.fold()
    expect(await owned).toEqual([0, 1, 2, 3])
    await members.close()

    const admin = await adminOf(options)
    const devices = async (topic: string): Promise<string[]> => {
      const found = new Set<string>()
      for (const { partition } of await admin.fetchTopicOffsets(topic)) {
        const number = partition + (topic === plant ? 2 : 0)
        for (const record of await log.read(number, 0, 10_000)) found.add(record.device)
      }
      return [...found].sort()
    }
    // Settings name no device.
    expect(await devices(`${topicPrefix}.readings`)).toEqual(['', 'balcony'])
    expect(await devices(plant)).toEqual(['', 'cellar'])
    const audit = await runServerAudit({
      store: { path: world.storePath },
      log: options,
      now: () => performance.now(),
    })
    expect(audit.differences).toEqual([])
    expect(audit.equal).toBe(true)
    expect(audit.checked.devices).toBe(2)

    const unrouted = await openLog({ ...rest, topicPrefix })
    expect(unrouted.id).not.toBe(log.id)
    await admin.deleteTopics({ topics: [plant] })
    // Kafka says that it is gone a moment before all of its parts know.
    await eventually('the topic is gone', async () =>
      log.extent(3).then(
        () => false,
        (error: unknown) => isCoded(error, 'log-missing'),
      ),
    )
    const anew = await openLog(options)
    expect(anew.id).not.toBe(log.id)
  })

  it('a topic that would lose records is refused with the command that mends it', async () => {
    const options = logAt(broker(), { retentionMs: 86_400_000 })
    const admin = await adminOf(options)
    const topic = `${options.topicPrefix}.readings`
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
    await admin.createTopics({ topics: [{ topic, numPartitions: 4, configEntries }], waitForLeaders: false })
    const refusal = await createKafkaLog(options).then(
      () => null,
      (error: unknown) => error as { code: string; message: string; hint: string },
    )
    expect(refusal?.code).toBe('log-topic')
    expect(refusal?.message).toContain('cleanup.policy = compact, not delete')
    expect(refusal?.message).toContain('retention.ms = 604800000, not 86400000')
    expect(refusal?.hint).toMatch(
      /kafka-configs\.sh .*--alter --entity-type topics --entity-name .*retention\.ms=86400000/,
    )
    const mend = refusal?.hint.split('--add-config ')[1]?.split(',') ?? []
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: mend.map((one) => ({
            name: one.split('=')[0] ?? '',
            value: one.split('=')[1] ?? '',
          })),
        },
      ],
    })
    await openLog(options)
  })

  it('an empty Kafka has nothing to read yet', async () => {
    await expect(openKafkaLog(logAt(broker()))).rejects.toMatchObject({
      code: 'log-missing',
      retryable: true,
    })
  })

  it('a Kafka that is away is worth waiting for, and a host that is none is not', async () => {
    const nobody = { brokers: ['127.0.0.1:1'], tls: null, sasl: null }
    await expect(createKafkaLog(logAt(broker(), { place: nobody }))).rejects.toMatchObject({
      code: 'log-unreachable',
      retryable: true,
    })
    const nowhere = { brokers: ['no-such-host.invalid:9092'], tls: null, sasl: null }
    await expect(createKafkaLog(logAt(broker(), { place: nowhere }))).rejects.toMatchObject({
      code: 'log-unusable',
      retryable: false,
    })
  })

  it('keeps dead letters, newest first, by device, and without those that were removed', async () => {
    const options = logAt(broker())
    const letters = await createKafkaDeadLetters(options)
    onTestFinished(() => letters.close())
    const letter = (number: number, of: string | null) => ({
      topic: 'barograph/v1/x/up',
      device: of,
      ingestMs: 1_700_000_000_000 + number,
      code: number === 2 ? 'too-large' : 'malformed',
      reason: `letter ${number}`,
      value: new Uint8Array([number]),
    })
    await letters.add([letter(1, 'a'), letter(2, null), letter(3, 'b')])
    await letters.add([letter(4, 'a')])
    const all = await letters.list({ limit: 10 })
    expect(all).toMatchObject([letter(4, 'a'), letter(3, 'b'), letter(2, null), letter(1, 'a')])
    expect(await letters.list({ limit: 2, before: all[0]?.id ?? 0 })).toEqual(all.slice(1, 3))
    expect(await letters.list({ limit: 9, device: 'a' })).toEqual([all[0], all[3]])
    expect(await letters.get(all[1]?.id ?? 0)).toEqual(all[1])
    expect(await letters.counts()).toEqual({ malformed: 3, 'too-large': 1 })
    await letters.remove(all[1]?.id ?? 0)
    expect(await letters.get(all[1]?.id ?? 0)).toBeNull()
    expect(await letters.list({ limit: 9 })).toEqual([all[0], all[2], all[3]])
    expect(await letters.get(999)).toBeNull()
  })

  it('takes more dead letters at once than Kafka takes bytes', async () => {
    const letters = await createKafkaDeadLetters(logAt(broker()))
    onTestFinished(() => letters.close())
    const many = Array.from({ length: 12 }, (_, i) => ({
      topic: 'barograph/v1/x/up',
      device: null,
      ingestMs: 1_700_000_000_000 + i,
      code: 'too-large',
      reason: 'by one byte',
      value: new Uint8Array(limits.batchBytes).fill(i),
    }))
    await letters.add(many)
    expect(await letters.list({ limit: 100 })).toMatchObject(many.toReversed())
  })
})
