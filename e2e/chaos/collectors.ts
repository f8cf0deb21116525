import { join } from 'node:path'
import { freePorts } from '../harness/ports.ts'
import { collectorProgram } from '../harness/process.ts'
import type { SmallDisk } from '../../collector/testing-disk.ts'
import { type Broker, startBroker } from './broker/broker.ts'
import { type Engines, startEngines, stopEngines, urlsOf } from './engines.ts'
import { readMongoStore } from './judge/mongo-store.ts'
import { readStore, type StoreContent } from './judge/store.ts'
import { createProgram, type Program } from './program.ts'

/**
 * `whole`: a collector with all its roles in one program, devices at its own broker. `split`: an outside broker, and
 * bridge, two rolls and page as programs of their own on one log and one store. `services`: Mosquitto, Kafka and a store
 * in the place of MongoDB, with two collectors: one in one program, the other as a bridge and a roll.
 */
export type Shape = 'whole' | 'split' | 'services'

/** A collector, and all that it stands on. */
export interface Collectors {
  /** Where devices connect. */
  readonly mqttPort: number
  /** For commands of the collector on the same log and store. */
  readonly env: Readonly<Record<string, string>>
  /** Every program, in the order in which they are started. */
  readonly programs: readonly Program[]
  /** All roles in one program; null: there is none such. */
  readonly whole: Program | null
  /** Programs that are a bridge and nothing more. */
  readonly bridges: readonly Program[]
  readonly rolls: readonly Program[]
  /** Every program that folds. */
  readonly folding: readonly Program[]
  /** A broker that treats messages badly when asked to. */
  readonly broker: Broker | null
  /** Log and store where they are files. */
  readonly files: Files | null
  readonly engines: Engines | null
  /** What the store holds, read beside the collector. */
  content(): Promise<StoreContent>
  /** Stops what is not a program of ours. */
  stop(): Promise<void>
}

export interface Files {
  readonly log: Place
  readonly store: Place
}

/** A file of the collector and the disk that it is on. */
export interface Place {
  readonly path: string
  readonly disk: SmallDisk | null
}

export interface CollectorsOptions {
  readonly folder: string
  readonly seed: number
  /** A disk of its own for a file, or none. */
  readonly diskOf: (bytes: number) => SmallDisk | null
  readonly endedByItself: (name: string, words: string) => void
}

/** The parts of a shape, their programs not started yet. */
export const makeCollectors = (shape: Shape, options: CollectorsOptions): Promise<Collectors> =>
  shape === 'services' ? onEngines(options) : onFiles(shape, options)

const diskBytes = { log: 96 * 2 ** 20, store: 192 * 2 ** 20 }
/** Flushes come often, so that many faults fall into one. */
const flushIntervalMs = 300
/** A roll that was not heard of for so long loses its partitions: as short as Kafka is asked for here, for the same reason. */
export const sessionMs = 3_000

type Environment = Readonly<Record<string, string>>

/** Makes programs of one environment, by roles; without any: all of them. */
const rolesOf =
  (env: Environment, { endedByItself }: CollectorsOptions) =>
  (name: string, more: Environment = {}, ...roles: string[]): Program =>
    createProgram({
      name,
      args: [collectorProgram, 'run', ...(roles.length > 0 ? ['--roles', roles.join()] : [])],
      env: { ...env, ...more },
      isReady: async (running) => /is ready/.test(running.stderr() + running.stdout()),
      endedByItself,
    })

async function onFiles(shape: 'whole' | 'split', options: CollectorsOptions): Promise<Collectors> {
  const { folder, seed, diskOf } = options
  const [mqttPort = 0, httpPort = 0] = await freePorts(2)
  const log = placeOf(diskOf(diskBytes.log), folder, 'log.db')
  const store = placeOf(diskOf(diskBytes.store), folder, 'store.db')
  const env = {
    BAROGRAPH_LOG_URL: `sqlite:${log.path}`,
    BAROGRAPH_LOG_PARTITIONS: '2',
    BAROGRAPH_STORE_URL: `sqlite:${store.path}`,
    BAROGRAPH_SERVE_LISTEN: `127.0.0.1:${httpPort}`,
    BAROGRAPH_ROLLUPS_FLUSHINTERVALMS: String(flushIntervalMs),
  }
  const role = rolesOf(env, options)
  const common = {
    mqttPort,
    env,
    files: { log, store },
    engines: null,
    content: async () => readStore(store.path),
  }
  if (shape === 'whole') {
    const whole = role('collector', { BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${mqttPort}` })
    const none = { bridges: [], rolls: [], broker: null, stop: async () => undefined }
    return { ...common, ...none, programs: [whole], whole, folding: [whole] }
  }
  const broker = await startBroker(mqttPort, seed)
  const at = (name: string): Environment => ({
    BAROGRAPH_MQTT_URL: `mqtt://127.0.0.1:${mqttPort}`,
    BAROGRAPH_MQTT_NAME: name,
  })
  const bridge = role('bridge', at('bridge-0'), 'bridge')
  const rolls = [1, 2].map((i) => role(`roll-${i}`, at(`roll-${i}`), 'roll'))
  const serve = role('serve', at('serve-3'), 'serve')
  return {
    ...common,
    programs: [bridge, ...rolls, serve],
    whole: null,
    bridges: [bridge],
    rolls,
    folding: rolls,
    broker,
    stop: () => broker.stop(),
  }
}

const placeOf = (disk: SmallDisk | null, folder: string, name: string): Place => ({
  path: join(disk?.path ?? folder, name),
  disk,
})

async function onEngines(options: CollectorsOptions): Promise<Collectors> {
  const engines = await startEngines(options.folder)
  const urls = urlsOf(engines)
  const [httpPort = 0] = await freePorts(1)
  const env = {
    BAROGRAPH_MQTT_URL: urls.mqtt,
    BAROGRAPH_LOG_URL: urls.kafka,
    BAROGRAPH_LOG_PARTITIONS: '4',
    BAROGRAPH_LOG_KAFKA_SESSIONTIMEOUT: `${sessionMs / 1_000}s`,
    BAROGRAPH_STORE_URL: urls.mongodb,
    BAROGRAPH_SERVE_LISTEN: `127.0.0.1:${httpPort}`,
    BAROGRAPH_ROLLUPS_FLUSHINTERVALMS: String(flushIntervalMs),
  }
  const role = rolesOf(env, options)
  const shared = { BAROGRAPH_MQTT_SHARE: 'all' }
  const whole = role('collector', { ...shared, BAROGRAPH_MQTT_NAME: 'whole' }, 'bridge', 'roll', 'serve')
  const bridge = role('bridge', { ...shared, BAROGRAPH_MQTT_NAME: 'bridge' }, 'bridge')
  const roll = role('roll', { BAROGRAPH_MQTT_NAME: 'roll' }, 'roll')
  return {
    mqttPort: engines.mosquitto.service.port,
    env,
    programs: [whole, bridge, roll],
    whole,
    bridges: [bridge],
    rolls: [roll],
    folding: [whole, roll],
    broker: null,
    files: null,
    engines,
    content: () => readMongoStore(urls.mongodbItself),
    stop: () => stopEngines(engines),
  }
}
