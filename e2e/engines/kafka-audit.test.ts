import Database from 'better-sqlite3'
import kafkajs from 'kafkajs'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { runServerAudit, type ServerAuditOptions } from '../../collector/audit/audit.ts'
import type { AuditResult } from '../../collector/audit/report.ts'
import {
  createWorld,
  fillWorld,
  lineOf,
  makeRun,
  november,
  seeded,
  type World,
} from '../../collector/audit/testing/world.ts'
import type { Store } from '../../collector/core/store.ts'
import { createKafkaLog, type KafkaLogOptions } from '../../collector/log/kafka/log.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { needsKafka, needsMongodb } from '../needs.ts'
import { logAt, useKafka } from './kafka-rig.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

const partitions = 2
const seed = 7
const device = 'balcony'
const bucket = `${device}/bme280/00000000000000aa/1`
/** Of readings in the bucket behind it. */
const hour = `${device}/bme280/hour/${november + 9 * 3_600_000}`

interface Audited {
  readonly world: World
  readonly options: KafkaLogOptions
  audit(): Promise<AuditResult>
  /** Behind everybody's back. */
  dropBucket(): Promise<void>
  alterWindow(): Promise<void>
}

/** Half of the records were deleted by retention, and there is a message that is not ours: whatever the store. */
function describeAudit(open: () => Promise<Audited>): () => Audited {
  let audited: Audited
  beforeAll(async () => {
    audited = await open()
    const { options, world } = audited
    await fillWorld(world, seed, undefined, { isOperated: true })
    await world.fold()
    await withKafka(options, async ({ kafka, topic }) => {
      const producer = kafka.producer()
      await producer.connect()
      await producer.send({ topic, messages: [{ partition: 0, key: device, value: 'no batch' }] })
      await producer.disconnect()
      const admin = kafka.admin()
      await admin.connect()
      const halves = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
        partition,
        offset: String(Math.floor(Number(high) / 2)),
      }))
      await admin.deleteTopicRecords({ topic, partitions: halves })
      await admin.disconnect()
    })
  })
  afterAll(() => audited?.world.close())

  test('finds it equal, and counts what the audit of a log in a file counts that holds all of it', async () => {
    expect((await audited.audit()).recordsAhead).toBe(1)
    await audited.world.fold()

    const inFiles = createWorld({ partitions })
    onTestFinished(() => inFiles.close())
    await fillWorld(inFiles, seed, undefined, { isOperated: true })
    await inFiles.fold()
    const expected = inFiles.audit()
    const result = await audited.audit()
    expect(result.differences.map(lineOf)).toEqual([])
    expect(result.findings).toEqual([])
    expect(result.equal).toBe(true)
    expect(result.checked).toEqual({ ...expected.checked, fields: result.checked.fields })
    expect(result.account).toEqual(expected.account)
    expect(result.checked.readings).toBeGreaterThan(3_000)
  })

  test('names a window that was altered, a checkpoint ahead of its readings, and a bucket that is gone', async () => {
    const { world } = audited
    await audited.alterWindow()
    const [place] = await world.log.append([
      { device, kind: 'status', ingestMs: 1, quarantineAfterMs: null, value: new Uint8Array() },
    ])
    await world.send(device, {
      runs: [makeRun({ random: seeded(1), count: 9, epoch: '00000000000000ee', start: november })],
    })
    const partition = place?.partition ?? -1
    const { next } = await world.log.extent(partition)
    const hash = await world.log.hashBefore(partition, next)
    const checkpoint = await world.store.checkpoint(partition)
    const generation = checkpoint?.position.g ?? 0
    const swaps = checkpoint?.swaps ?? 0
    expect(await world.store.raiseReach(partition, generation, next, hash, swaps)).toBe(true)
    expect(await world.store.advance(partition, { g: generation, n: next }, swaps)).toBe(true)
    const { findings, differences, equal } = await audited.audit()
    expect(equal).toBe(false)
    expect(findings).toContainEqual(expect.stringContaining(`the window ${hour}`))
    expect(findings).toContain(
      'the checkpoint is ahead of what is folded: numbers 1-9 of balcony/bme280/00000000000000ee stand in the log ' +
        'before it and nowhere in the store',
    )
    expect(differences.map(lineOf)).toContainEqual(expect.stringContaining(`rollups ${hour} received: `))
    await audited.dropBucket()
    expect((await audited.audit()).findings).toContainEqual(
      expect.stringMatching(new RegExp(`^the bucket ${bucket} is gone: numbers .* were stored in it$`)),
    )
  })

  return () => audited
}

async function withKafka(
  { place, topicPrefix }: KafkaLogOptions,
  work: (with_: { kafka: kafkajs.Kafka; topic: string }) => Promise<void>,
): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers: [...place.brokers], logLevel: kafkajs.logLevel.NOTHING })
  await work({ kafka, topic: `${topicPrefix}.readings` })
}

describe.skipIf(!needsKafka.isMet)(`an audit of a log in Kafka ${needsKafka.title}`, () => {
  const kafka = useKafka()

  async function openWorld(store?: Store) {
    const options = logAt(kafka(), { partitions })
    const world = createWorld({ log: await createKafkaLog(options), ...(store ? { store } : {}) })
    const audit = (its: ServerAuditOptions['store']) =>
      runServerAudit({ store: its, log: options, now: () => performance.now() })
    return { world, options, audit }
  }

  describe('whose store is a file', () => {
    const audited = describeAudit(async () => {
      const { world, options, audit } = await openWorld()
      const change = (sql: string, id: string): void => {
        const db = new Database(world.storePath)
        db.prepare(sql).run(id)
        db.close()
      }
      return {
        world,
        options,
        audit: () => audit({ path: world.storePath }),
        dropBucket: async () => change('DELETE FROM readings WHERE id = ?', bucket),
        alterWindow: async () =>
          change("UPDATE rollups SET body = json_set(body, '$.received', 1) WHERE id = ?", hour),
      }
    })

    test('says that a topic which was made anew is another log', async () => {
      const { options, audit } = audited()
      await withKafka(options, async ({ kafka, topic }) => {
        const admin = kafka.admin()
        await admin.connect()
        await admin.deleteTopics({ topics: [topic] })
        await admin.disconnect()
      })
      await expect(audit()).rejects.toMatchObject({ code: 'log-unusable' })
      await (await createKafkaLog(options)).close()
      const { findings } = await audit()
      for (let partition = 0; partition < partitions; partition++)
        expect(findings).toContain(`partition ${partition} was folded from another log than this one`)
    })
  })

  describe.skipIf(!needsMongodb.isMet)(`whose store is in MongoDB ${needsMongodb.title}`, () => {
    let server: MongoServer | null = null
    afterAll(() => server?.stop())
    describeAudit(async () => {
      server = await startMongoServer()
      const url = server.freshUrl()
      const { world, options, audit } = await openWorld(await createMongoStore({ url }))
      const client = await new MongoClient(url).connect()
      const collection = (name: string) => client.db().collection<{ _id: string }>(name)
      return {
        world: {
          ...world,
          close: async () => {
            await client.close()
            await world.close()
          },
        },
        options,
        audit: () => audit({ url }),
        async dropBucket() {
          await collection('readings').deleteOne({ _id: bucket })
        },
        async alterWindow() {
          await collection('rollups').updateOne({ _id: hour }, { $set: { received: 1 } })
        },
      }
    })
  })
})
