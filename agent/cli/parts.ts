import { randomBytes } from 'node:crypto'
import { epochFromBytes, isCoded } from '@barograph/proto'
import { openSqliteBuffer } from '../buffer/sqlite.ts'
import type { AgentConfig, ConfiguredSensor } from '../config/load.ts'
import type { Buffer } from '../core/buffer.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Sensor } from '../core/sensor.ts'
import { systemClock } from '../system-clock.ts'
import { checkCredentials, type UplinkCredentials } from '../uplink/credentials.ts'

/** A sensor as configured, its secrets read. Throws coded errors. */
export function makeSensor(
  config: AgentConfig,
  { id, type, config: own }: ConfiguredSensor,
  clock: Pick<Clock, 'now'> = systemClock,
): Sensor {
  return type.create({
    config: withSecrets(config, id, own, type.secrets ?? []),
    id,
    site: config.site,
    baseDir: config.baseDir,
    now: () => clock.now(),
    random: Math.random,
    fetch: globalThis.fetch,
  })
}

/** Checks that every secret can be read, without using it. */
export function checkSecrets(config: AgentConfig): void {
  credentialsOf(config)
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

/** What the uplink shows and trusts, read from where it is. Throws `bad-secret`. */
export function credentialsOf({ uplink, secret, file }: AgentConfig): UplinkCredentials {
  const read = (name: keyof UplinkCredentials): string | null =>
    uplink[name] === null ? null : secret(uplink[name], `uplink.${name}`)
  const credentials = { token: read('token'), ca: read('ca'), cert: read('cert'), key: read('key') }
  checkCredentials(credentials, file)
  return credentials
}

/**
 * Opens the configured buffer under a new epoch, for a boot whose clock is `clock`. Throws coded errors; what the
 * configuration can cure names its line.
 */
export function openBuffer(
  config: AgentConfig,
  { boot, clock, log }: { readonly boot: string; readonly clock: Clock; readonly log: Log },
): Buffer {
  const { device, site, buffer } = config
  const { validFrom } = site
  try {
    return openSqliteBuffer({
      ...buffer,
      device,
      epoch: epochFromBytes(randomBytes(8)),
      boot,
      site: siteText(site),
      siteValidFrom: validFrom,
      clock,
      log,
    })
  } catch (error) {
    if (!isCoded(error) || !['buffer-unwritable', 'buffer-foreign'].includes(error.code)) throw error
    throw config.mistake({ path: ['buffer', 'path'], message: error.message })
  }
}

/** Another text is another site. Without `validFrom` it is what it always was, so that an update changes nothing. */
function siteText({
  name,
  latitude,
  longitude,
  altitudeM,
  timeZone,
  validFrom,
}: AgentConfig['site']): string {
  const where = [name, latitude, longitude, altitudeM, timeZone]
  return JSON.stringify(validFrom === null ? where : [...where, validFrom])
}
