import { join } from 'node:path'
import type { Service } from '../../scripts/services/engine.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { databaseUrl, startMongo } from '../../scripts/services/mongo.ts'
import { startMosquitto } from '../../scripts/services/mosquitto.ts'
import { whenDone } from '../harness/cleanup.ts'
import { freePorts } from '../harness/ports.ts'
import { createProxy, type Proxy } from './proxy.ts'

/** A program that others made, on trial as ours are. */
export interface Engine {
  readonly name: string
  /** Between the programs of the collector and it. */
  readonly proxy: Proxy
  readonly service: Service
}

/** A broker, a log and a store for one rig. */
export interface Engines {
  readonly mosquitto: Engine
  readonly kafka: Engine
  readonly mongodb: Engine
}

/** Where programs find them: through their proxies. */
export interface EngineUrls {
  readonly mqtt: string
  readonly kafka: string
  readonly mongodb: string
  /** Without a proxy, for those who look at the store from outside. */
  readonly mongodbItself: string
}

export const engineList = ({ mosquitto, kafka, mongodb }: Engines): readonly Engine[] => [
  mosquitto,
  kafka,
  mongodb,
]

/** Starts all three in folders of their own; they run when this resolves. */
export async function startEngines(folder: string): Promise<Engines> {
  const [kafkaPort = 0] = await freePorts(1)
  // Kafka tells its clients where it is: at its proxy.
  const kafkaProxy = await createProxy(kafkaPort)
  const advertised = { 'advertised.listeners': `INNER://127.0.0.1:${kafkaProxy.port}` }
  const [mosquitto, kafka, mongodb] = await Promise.all([
    startMosquitto({ folder: join(folder, 'mosquitto') }),
    startKafka({ folder: join(folder, 'kafka'), port: kafkaPort, properties: advertised }),
    startMongo({ folder: join(folder, 'mongodb') }),
  ])
  for (const service of [mosquitto, kafka, mongodb]) whenDone(() => void service.kill())
  return {
    mosquitto: { name: 'Mosquitto', service: mosquitto, proxy: await createProxy(mosquitto.port) },
    kafka: { name: 'Kafka', service: kafka, proxy: kafkaProxy },
    mongodb: { name: 'MongoDB', service: mongodb, proxy: await createProxy(mongodb.port) },
  }
}

const database = 'barograph'

export const urlsOf = ({ mosquitto, kafka, mongodb }: Engines): EngineUrls => ({
  mqtt: `mqtt://127.0.0.1:${mosquitto.proxy.port}`,
  kafka: `kafka://127.0.0.1:${kafka.proxy.port}`,
  mongodb: databaseUrl(`mongodb://127.0.0.1:${mongodb.proxy.port}`, database),
  mongodbItself: databaseUrl(mongodb.service.url, database),
})

/** In the order in which nothing waits for what is gone already. */
export async function stopEngines(engines: Engines): Promise<void> {
  for (const { service, proxy } of engineList(engines)) {
    await service.stop()
    await proxy.close()
  }
}
