import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { epochFromBytes, isCoded } from '@barograph/proto'
import { openSqliteBuffer } from '../buffer/sqlite.ts'
import type { AgentConfig, ConfiguredSensor } from '../config/load.ts'
import type { Buffer } from '../core/buffer.ts'
import type { Log } from '../core/log.ts'
import type { Sensor } from '../core/sensor.ts'
import { systemClock } from '../system-clock.ts'

/** A sensor as configured, its secrets read. Throws coded errors. */
export function makeSensor(config: AgentConfig, { id, type, config: own }: ConfiguredSensor): Sensor {
  return type.create({
    config: withSecrets(config, id, own, type.secrets ?? []),
    id,
    site: config.site,
    baseDir: config.baseDir,
    now: () => Date.now(),
    random: Math.random,
    fetch: globalThis.fetch,
  })
}

/** Checks that every secret can be read, without using it. */
export function checkSecrets(config: AgentConfig): void {
  tokenOf(config)
  for (const { id, type, config: own } of config.sensors) withSecrets(config, id, own, type.secrets ?? [])
}

function withSecrets<C extends object>(
  config: AgentConfig,
  id: string,
  own: C,
  secrets: readonly string[],
): C {
  const revealed = Object.entries(own).filter(
    (entry): entry is [string, string] => secrets.includes(entry[0]) && typeof entry[1] === 'string',
  )
  const values = revealed.map(([key, reference]) => [key, config.secret(reference, `${id}.${key}`)])
  return { ...own, ...Object.fromEntries(values) }
}

/** The token of the uplink; null: none is configured. */
export function tokenOf({ uplink, secret }: AgentConfig): string | null {
  return uplink.token === null ? null : secret(uplink.token, 'uplink.token')
}

/** Opens the configured buffer under a new epoch. Throws coded errors; what the configuration can cure names its line. */
export function openBuffer(config: AgentConfig, log: Log): Buffer {
  const { device, site, buffer } = config
  try {
    return openSqliteBuffer({
      ...buffer,
      device,
      epoch: epochFromBytes(randomBytes(8)),
      boot: bootId(),
      site: JSON.stringify([site.name, site.latitude, site.longitude, site.altitudeM, site.timeZone]),
      clock: systemClock,
      log,
    })
  } catch (error) {
    if (!isCoded(error) || !['buffer-unwritable', 'buffer-foreign'].includes(error.code)) throw error
    throw config.mistake({ path: ['buffer', 'path'], message: error.message })
  }
}

/** Names this boot of the machine; where the system has no such name, this process stands for it. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return randomBytes(8).toString('hex')
  }
}
