// How fast the engines take what nothing of ours stands in front of, in the same run.
import kafkajs from 'kafkajs'
import type { MongoClient } from 'mongodb'

const partitions = 4
/** As many as our appender sends at once, at most. */
const perSend = 1_000
const perWrite = 500

/** Messages per second that kafkajs alone brings into a topic of 4 partitions, each acknowledged by all replicas. */
export async function bareProduceRate(url: string, messages: readonly Buffer[]): Promise<number> {
  const { Kafka, logLevel } = kafkajs
  const kafka = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: 'bare', numPartitions: partitions }] })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  const lanes = Array.from({ length: partitions }, (_, p) => messages.filter((_, i) => i % partitions === p))
  const sendAll = () =>
    Promise.all(
      lanes.map(async (lane, partition) => {
        for (let i = 0; i < lane.length; i += perSend) {
          const some = lane.slice(i, i + perSend).map((value) => ({ partition, value, key: 'device' }))
          await producer.send({ topic: 'bare', acks: -1, messages: some })
        }
      }),
    )
  await sendAll()
  const started = performance.now()
  await sendAll()
  const seconds = (performance.now() - started) / 1000
  await producer.disconnect()
  return messages.length / seconds
}

/** Windows per second that the driver alone replaces, 500 in a bulk write: documents that the collector has written. */
export async function bareReplaceRate(client: MongoClient, database: string): Promise<number> {
  const db = client.db(database)
  const documents = await db.collection('rollups').find({}).limit(4_000).toArray()
  const target = db.collection('bare')
  const replaceAll = async (): Promise<void> => {
    for (let i = 0; i < documents.length; i += perWrite) {
      const some = documents.slice(i, i + perWrite)
      await target.bulkWrite(
        some.map((replacement) => ({
          replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true },
        })),
        { ordered: false, writeConcern: { w: 'majority', journal: true } },
      )
    }
  }
  await replaceAll()
  const started = performance.now()
  await replaceAll()
  const seconds = (performance.now() - started) / 1000
  await target.drop()
  return documents.length / seconds
}
