import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Plan, runService, type Service } from './engine.ts'
import { anyFreePort } from './ports.ts'
import { requireProgram } from './programs.ts'
import { isListening, isMqttReady } from './ready.ts'

export interface MosquittoOptions {
  /** For data and log; used again, it holds the same sessions and retained messages. */
  readonly folder: string
  /** Default: a free one. */
  readonly port?: number
  /** The listener speaks TLS; `settings` then name its files. */
  readonly tls?: boolean
  /** Lines of mosquitto.conf(5), after `listener`, instead of `mosquittoSettings`. */
  readonly settings?: readonly string[]
}

/**
 * What a broker for Barograph should be told (docs/mosquitto.md). As it comes, Mosquitto writes its queues to the disk every
 * half hour, so that a crash loses them, drops silently what is more than 1,000 messages behind, and gives a bridge no more
 * than 20 messages at a time.
 */
export const mosquittoSettings: readonly string[] = [
  'allow_anonymous true',
  'persistence true',
  'autosave_interval 1',
  'max_queued_messages 100000',
  'max_inflight_messages 1000',
]

/** Makes configuration and data folder ready. */
export async function planMosquitto(options: MosquittoOptions): Promise<Plan> {
  const { folder, tls = false, settings = mosquittoSettings } = options
  const command = requireProgram('mosquitto', 'the MQTT broker')
  const port = options.port ?? (await anyFreePort())
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const file = join(folder, 'mosquitto.conf')
  // Started by root it would become another user, who may not write here.
  const user = process.getuid?.() === 0 ? ['user root'] : []
  const own = [`listener ${port} 127.0.0.1`, `persistence_location ${data}/`, 'log_dest stdout', ...user]
  writeFileSync(file, [...own, ...settings, ''].join('\n'), { mode: 0o600 })
  return {
    name: 'mosquitto',
    folder,
    url: `${tls ? 'mqtts' : 'mqtt'}://127.0.0.1:${port}`,
    port,
    command,
    args: ['-c', file],
    isReady: () => (tls ? isListening(port) : isMqttReady(port)),
  }
}

/** A real Mosquitto on the loopback interface; resolves when it is ready. */
export const startMosquitto = async (options: MosquittoOptions): Promise<Service> =>
  runService(await planMosquitto(options))
