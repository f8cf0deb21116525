import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import { type ConfigIssue, loadConfig as checkText, type Override } from '@barograph/proto/config'
import type { SensorType, SiteConfig } from '../core/sensor-type.ts'
import { agentSchema, type CheckedConfig } from './schema.ts'
import { readSecret } from './secret.ts'
import { parseValidFrom } from './valid-from.ts'
import { type CheckedSensors, checkSensors, type ConfiguredSensor, fillPrimary } from './sensors.ts'

export type { ConfiguredSensor } from './sensors.ts'

/** The whole configuration: checked and defaulted, never changed. */
export interface AgentConfig {
  readonly file: string
  /** Folder of the file: relative paths count from here. */
  readonly baseDir: string
  readonly device: string
  /** `validFrom`, ms since 1970: from when on it is so; null: the configuration does not say. */
  readonly site: SiteConfig & { readonly validFrom: number | null }
  /** `token`, `ca`, `cert` and `key` as they are written: themselves, or where they are. */
  readonly uplink: Readonly<Omit<CheckedConfig['uplink'], keyof UplinkSecrets>> & UplinkSecrets
  readonly buffer: Readonly<CheckedConfig['buffer']>
  /** For every metric of the device the sensor that speaks for it. */
  readonly primary: Readonly<Record<string, string>>
  readonly sensors: readonly ConfiguredSensor[]
  /** The value of a secret that the configuration names. Throws `bad-secret`. */
  secret(reference: string, key: string): string
  /** What turned out wrong only when it was used, in the words and with the place of every other mistake. */
  mistake(issue: ConfigIssue): CodedError
}

/** What the uplink shows of itself and by what it knows the broker; null: nothing. */
export interface UplinkSecrets {
  readonly token: string | null
  readonly ca: string | null
  readonly cert: string | null
  readonly key: string | null
}

export interface LoadOptions {
  readonly file: string
  readonly sensorTypes: readonly SensorType[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `section.key=value` */
  readonly set: readonly string[]
}

const example = `a small one:
  device: balcony
  site: { latitude: 40.69, longitude: -74.17, timeZone: America/New_York }
  sensors:
    - { id: demo, type: simulated, intervalMs: 1000 }`

/** Reads the configuration from file, environment and flags. Throws `bad-config` naming everything that is wrong. */
export function loadConfig(options: LoadOptions): AgentConfig {
  const { file, environment } = options
  const text = readText(file)
  const baseDir = dirname(resolve(file))
  const overrides = options.set.map(parseFlag)
  let found: CheckedSensors = { sensors: [], issues: [] }
  const load = (alsoWrong: readonly ConfigIssue[] = []): CheckedConfig =>
    checkText({
      schema: agentSchema,
      text,
      file,
      env: environment,
      prefix: 'BAROGRAPH',
      overrides,
      baseOf: ({ provision }) =>
        typeof provision === 'string' && provision !== ''
          ? { file: provision, text: readText(resolve(baseDir, provision), provision) }
          : null,
      check: (config) => {
        found = checkSensors(config, options.sensorTypes)
        return [...found.issues, ...checkUplink(config.uplink), ...alsoWrong]
      },
    })
  const { device, site, uplink, buffer, primary } = load()
  const { sensors } = found
  const { token = null, ca = null, cert = null, key = null } = uplink
  return deepFreeze({
    file,
    baseDir,
    device,
    site: {
      ...site,
      name: site.name ?? device,
      validFrom: site.validFrom === undefined ? null : parseValidFrom(site.validFrom, site.timeZone),
    },
    uplink: { ...uplink, token, ca, cert, key },
    buffer: { ...buffer, path: resolve(baseDir, buffer.path) },
    primary: fillPrimary(primary, sensors),
    sensors,
    secret: (reference: string, key: string) =>
      readSecret(reference, { baseDir, environment, key: `${file}: ${key}` }),
    mistake(issue: ConfigIssue) {
      try {
        load([issue])
      } catch (error) {
        if (error instanceof CodedError) return error
        throw error
      }
      throw new Error('a mistake that is none')
    },
  })
}

/** What of the uplink goes together and what does not. */
function checkUplink({ url, ca, cert, key }: CheckedConfig['uplink']): ConfigIssue[] {
  const isTls = new URL(url).protocol === 'mqtts:'
  const issues: ConfigIssue[] = []
  if (!isTls && (ca ?? cert ?? key) !== undefined)
    issues.push({
      path: ['uplink', 'url'],
      message: 'speaks no TLS, and uplink.ca, cert and key are for TLS',
      allowed: 'an address such as mqtts://broker.example:8883',
    })
  if (cert !== undefined && key === undefined)
    issues.push({
      path: ['uplink', 'key'],
      message: 'a certificate has a key',
      allowed: 'the key of uplink.cert',
    })
  if (key !== undefined && cert === undefined)
    issues.push({
      path: ['uplink', 'cert'],
      message: 'a key has a certificate',
      allowed: 'the certificate of uplink.key',
    })
  return issues
}

function readText(path: string, file: string = path): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const why = isMissing ? 'there is no such file' : 'it cannot be read'
    throw new CodedError('bad-config', `configuration ${file}: ${why}`, {
      hint: `name one with --config FILE; ${example}`,
      cause: error,
    })
  }
}

/** Freezes plain objects and lists; instances of classes, such as schemas, stay as they are. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}

/** `uplink.lingerMs=500`: numbers are numbers, "123" in quotes is text. Throws `usage`. */
function parseFlag(pair: string): Override {
  const cut = pair.indexOf('=')
  if (cut <= 0)
    throw new CodedError('usage', `--set ${pair} names no value`, {
      hint: 'allowed: --set section.key=value, as in --set uplink.url=mqtt://10.0.0.5',
    })
  const name = pair.slice(0, cut)
  return { path: name.split('.'), value: scalar(pair.slice(cut + 1)), source: `--set ${name}` }
}

function scalar(text: string): string | number {
  if (/^".*"$/.test(text)) return text.slice(1, -1)
  const number = Number(text)
  return text.trim() !== '' && Number.isFinite(number) ? number : text
}
