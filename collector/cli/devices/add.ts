import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { CodedError, idPattern, isTimeZone } from '@barograph/proto'
import type { Config } from '../../config/index.ts'
import { openRegistry, type RegisteredSite, writeProvisioning } from '../../devices/index.ts'
import { dateOf } from './list.ts'
import { brokerFor, kindOf, makeSecret } from './secret.ts'

export interface AddOptions {
  readonly site?: string
  readonly latitude?: string
  readonly longitude?: string
  readonly altitude?: string
  readonly timeZone?: string
  readonly auth?: string
  readonly broker?: string
  readonly out?: string
}

/** Makes a device and its provisioning file; returns what to print. */
export async function addDevice(
  config: Config,
  device: string,
  options: AddOptions,
  json: boolean,
): Promise<string[]> {
  if (!idPattern.test(device))
    throw new CodedError('bad-usage', `"${device}" is no name of a device.`, {
      hint: 'Allowed: 1 to 63 small letters, digits and hyphens, a hyphen not first',
    })
  const registry = openRegistry(config.devices.folder)
  try {
    const before = registry.get(device)
    const site = siteOf(device, options, before?.site ?? null, config.defaultTimeZone)
    const kind = kindOf(options.auth, config.devices.auth === 'certificate' ? 'certificate' : 'token')
    const broker = await brokerFor(config, options.broker)
    if (kind === 'certificate' && !broker.url.startsWith('mqtts:'))
      throw new CodedError('bad-usage', `A certificate is shown over TLS, and ${broker.url} has none.`, {
        hint: 'Set broker.tls: auto, or name an address with --broker mqtts://HOST:PORT.',
      })
    const file = resolve(options.out ?? `${device}.yaml`)
    const { secret, credential } = await makeSecret(config, device, kind)
    writeProvisioning(file, { device, site, ...broker, ...secret })
    try {
      registry.add(device, site, credential, Date.now())
    } catch (error) {
      rmSync(file)
      throw error
    }
    const facts = {
      device,
      auth: kind,
      broker: broker.url,
      file,
      ends: dateOf(credential.endsMs),
      again: before !== null,
    }
    return json ? [JSON.stringify(facts)] : wordsOf(facts, config)
  } finally {
    registry.close()
  }
}

/** What --json says of a new secret. */
export interface SecretFacts {
  readonly device: string
  readonly auth: 'token' | 'certificate'
  readonly broker: string
  readonly file: string
  readonly ends: string | null
}

function wordsOf(facts: SecretFacts & { readonly again: boolean }, config: Config): string[] {
  const { device, again } = facts
  return [`${device} is ${again ? 'there again' : 'added'}.`, ...secretWords(facts, config)]
}

/** What to do with a provisioning file. */
export function secretWords({ device, auth, broker, file, ends }: SecretFacts, config: Config): string[] {
  const asked = config.devices.auth
  const idle =
    asked === auth || config.broker === null
      ? []
      : [`Note: devices.auth is ${asked}: the collector asks for no ${auth} until it is ${auth}.`]
  return [
    `${file} has its ${auth}${ends === null ? '' : `, good until ${ends.slice(0, 10)}`}, and nothing else has it: copy it to the device,`,
    `  and there: provision: ${device}.yaml in agent.yaml, or barograph-agent run --config ${device}.yaml`,
    `It connects to ${broker}.`,
    ...idle,
  ]
}

function siteOf(
  device: string,
  { site: name, latitude, longitude, altitude, timeZone }: AddOptions,
  before: RegisteredSite | null,
  defaultZone: string,
): RegisteredSite {
  const zone = timeZone ?? before?.timeZone ?? defaultZone
  if (!isTimeZone(zone))
    throw new CodedError('bad-usage', `--time-zone ${zone} is no time zone.`, {
      hint: 'As in Europe/Vienna, America/New_York or UTC',
    })
  return {
    name: name ?? before?.name ?? device,
    latitude: degrees('--latitude', latitude, before?.latitude, 90),
    longitude: degrees('--longitude', longitude, before?.longitude, 180),
    altitudeM:
      altitude === undefined ? (before?.altitudeM ?? 0) : numberOf('--altitude', altitude, -500, 10_000),
    timeZone: zone,
  }
}

function degrees(name: string, text: string | undefined, before: number | undefined, most: number): number {
  if (text !== undefined) return numberOf(name, text, -most, most)
  if (before !== undefined) return before
  throw new CodedError('bad-usage', `${name} is missing.`, {
    hint: 'Where the device stands: --latitude 40.69 --longitude -74.17',
  })
}

function numberOf(name: string, text: string, from: number, to: number): number {
  const number = Number(text)
  if (text.trim() !== '' && number >= from && number <= to) return number
  throw new CodedError('bad-usage', `${name} ${text} is not allowed.`, {
    hint: `Allowed: a number from ${from} to ${to}`,
  })
}
