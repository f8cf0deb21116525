import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Service } from '../../scripts/services/engine.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { startMosquitto } from '../../scripts/services/mosquitto.ts'
import { type MongoServer, startMongoServer } from '../engines/mongo-server.ts'
import { type Agent, createAgent } from './agent.ts'
import { type Collector, createCollector } from './collector.ts'
import { type LoggedBatch, readKafkaBatches, readLoggedBatches } from './logged.ts'
import { freePorts } from './ports.ts'
import { storedInFile, storedInMongo, type StoredContent } from './stored.ts'

/** What a collector runs on: its own broker and two files, or Mosquitto, Kafka and a server that speaks MongoDB's protocol. */
export type StackKind = 'embedded' | 'services'

/** The engines that take seconds to start: one of each is enough for many stacks, whose names are their own. */
export interface Engines {
  readonly kafka: Service
  /** Its `service` is null where it is somebody's MongoDB, which is not ours to stop. */
  readonly mongo: MongoServer
  stop(): Promise<void>
}

/** All of one system's parts but the programs, which it can start: as many agents and collectors as are wanted. */
export interface Stack {
  readonly kind: StackKind
  readonly folder: string
  /** Where devices connect. */
  readonly broker: string
  /** What the configuration of every collector on this stack says of broker, log and store, as environment. */
  readonly env: Readonly<Record<string, string>>
  /** null: everything is embedded. `mosquitto` is of this stack alone. */
  readonly engines: {
    readonly mosquitto: Service
    readonly kafka: Service
    readonly mongo: Service | null
  } | null
  readonly stored: StoredContent
  /** Every batch in the log, in its order. */
  logged(): Promise<LoggedBatch[]>
  /** `name` tells several ones apart; an embedded stack takes one with a broker. */
  collector(options?: {
    name?: string
    args?: readonly string[]
    env?: Readonly<Record<string, string>>
  }): Promise<Collector>
  /** `yaml` is the whole configuration but for buffer and uplink. */
  agent(options: { name: string; yaml: string; env?: Readonly<Record<string, string>> }): Agent
  /** After all programs have ended. */
  stop(): Promise<void>
}

export interface StackOptions {
  /** For files, configurations and buffers. */
  readonly folder: string
  /** services: started before, by whom it is stopped. Without it the stack has engines of its own. */
  readonly engines?: Engines
  /** Default: 4. */
  readonly partitions?: number
  /** services: collectors share the devices, so that there may be several with a bridge. Default: false. */
  readonly share?: boolean
  /** services: lines of mosquitto.conf(5) instead of ours. */
  readonly mosquittoSettings?: readonly string[]
  /** More of the configuration of all collectors. */
  readonly env?: Readonly<Record<string, string>>
}

/** Kafka and the MongoDB-compatible server, side by side. `ownMongo`: one that may be killed, whatever the environment names. */
export async function startEngines({
  folder,
  ownMongo = false,
}: {
  folder: string
  ownMongo?: boolean
}): Promise<Engines> {
  const [kafka, mongo] = await Promise.allSettled([
    startKafka({ folder: join(folder, 'kafka') }),
    startMongoServer({ own: ownMongo }),
  ])
  const stop = async (): Promise<void> => {
    for (const one of [kafka, mongo]) if (one.status === 'fulfilled') await one.value.stop()
  }
  if (kafka.status === 'rejected' || mongo.status === 'rejected') {
    await stop()
    throw kafka.status === 'rejected' ? kafka.reason : (mongo as PromiseRejectedResult).reason
  }
  return { kafka: kafka.value, mongo: mongo.value, stop }
}

/** Everything that is no program of ours runs when this resolves. */
export async function startStack(kind: StackKind, options: StackOptions): Promise<Stack> {
  return kind === 'embedded' ? startEmbedded(options) : startServices(options)
}

async function startEmbedded({ folder, partitions = 4, env: more = {} }: StackOptions): Promise<Stack> {
  const [port] = await freePorts(1)
  const env = {
    BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${port}`,
    BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}`,
    BAROGRAPH_LOG_PARTITIONS: String(partitions),
    BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
    ...more,
  }
  const broker = `mqtt://127.0.0.1:${port}`
  return {
    kind: 'embedded',
    folder,
    broker,
    env,
    engines: null,
    stored: storedInFile(folder),
    logged: async () => readLoggedBatches(folder),
    collector: ({ args = [], env: own = {} } = {}) =>
      createCollector({ folder, args, env: { ...env, ...own } }),
    agent: (one) => createAgent({ ...one, folder, broker }),
    stop: async () => {},
  }
}

async function startServices(options: StackOptions): Promise<Stack> {
  const { folder, partitions = 4, share = false, mosquittoSettings, env: more = {} } = options
  const engines = options.engines ?? (await startEngines({ folder }))
  const mosquitto = await startMosquitto({
    folder: join(folder, 'mosquitto'),
    ...(mosquittoSettings ? { settings: mosquittoSettings } : {}),
  })
  const broker = mosquitto.url
  const database = engines.mongo.freshUrl()
  const topicPrefix = `test-${randomUUID()}`
  const env = {
    BAROGRAPH_MQTT_URL: broker,
    ...(share ? { BAROGRAPH_MQTT_SHARE: 'all' } : {}),
    BAROGRAPH_LOG_URL: engines.kafka.url,
    BAROGRAPH_LOG_TOPICPREFIX: topicPrefix,
    BAROGRAPH_LOG_PARTITIONS: String(partitions),
    BAROGRAPH_STORE_URL: database,
    ...more,
  }
  const stored = storedInMongo(database)
  return {
    kind: 'services',
    folder,
    broker,
    env,
    engines: { mosquitto, kafka: engines.kafka, mongo: engines.mongo.service },
    stored,
    logged: () =>
      readKafkaBatches({
        place: { brokers: [`127.0.0.1:${engines.kafka.port}`], tls: null, sasl: null },
        topicPrefix,
        partitions,
        replication: null,
        // What a collector asks for that is told nothing.
        retentionMs: 7 * 86_400_000,
      }),
    collector: ({ name, args = [], env: own = {} } = {}) =>
      createCollector({
        folder,
        outsideBroker: broker,
        args,
        env: { ...env, ...(name === undefined ? {} : { BAROGRAPH_MQTT_NAME: name }), ...own },
      }),
    agent: (one) => createAgent({ ...one, folder, broker }),
    async stop() {
      await stored.close()
      await mosquitto.stop()
      // An engine that a test left dead or hung has nothing to drop, and is stopped all the same.
      if (engines.mongo.service?.pid !== null) await engines.mongo.drop(database).catch(() => {})
      if (!options.engines) await engines.stop()
    },
  }
}
