import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import type { Service } from '../../scripts/services/engine.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { databaseUrl, startMongo } from '../../scripts/services/mongo.ts'
import { startMosquitto } from '../../scripts/services/mosquitto.ts'
import { type Collector, createCollector } from '../harness/collector.ts'

/** Real engines on this machine, and one collector on them. */
export interface Engines {
  readonly mosquitto: Service
  readonly kafka: Service
  readonly mongo: Service
  /** Readings in the store: each number of each bucket once. */
  countStored(): Promise<number>
  /** Documents written so far, by the store's own count of changes. */
  documentsWritten(): Promise<number>
  /** A collector on a topic and a database of its own. */
  openCollector(name: string, env?: Readonly<Record<string, string>>): Promise<Collector>
  client: MongoClient
  stop(): Promise<void>
}

/** `fast`: as they run for long, which takes longer to start. */
export async function startEngines(folder: string, { fast }: { fast: boolean }): Promise<Engines> {
  const [mosquitto, kafka, mongo] = await Promise.all([
    startMosquitto({ folder: join(folder, 'mosquitto') }),
    startKafka({ folder: join(folder, 'kafka'), fast }),
    startMongo({ folder: join(folder, 'mongo'), fast }),
  ])
  const client = await new MongoClient(mongo.url).connect()
  let current = ''
  return {
    mosquitto,
    kafka,
    mongo,
    client,
    async countStored() {
      let count = 0
      const buckets = client
        .db(current)
        .collection<Bucket>('readings')
        .find({}, { projection: { events: 1 } })
      for await (const { events } of buckets)
        for (const { first, last, what } of events) if (what !== 'released') count += last - first + 1
      return count
    },
    async documentsWritten() {
      const meta = client.db(current).collection<{ _id: string; next: number }>('meta')
      return (await meta.findOne({ _id: 'changes' }))?.next ?? 0
    },
    async openCollector(name, env = {}) {
      current = name
      return createCollector({
        folder: join(folder, name),
        outsideBroker: mosquitto.url,
        env: {
          BAROGRAPH_LOG_URL: kafka.url,
          BAROGRAPH_LOG_TOPICPREFIX: name,
          BAROGRAPH_STORE_URL: databaseUrl(mongo.url, name),
          ...env,
        },
      })
    },
    async stop() {
      await client.close()
      await Promise.all([mosquitto.stop(), kafka.stop(), mongo.stop()])
    },
  }
}

interface Bucket {
  readonly events: readonly { readonly first: number; readonly last: number; readonly what: string }[]
}
