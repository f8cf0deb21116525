import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import { parseDuration } from '@barograph/proto/config'
import type { Config } from '../../config/index.ts'
import { noSuchDevice, openRegistry, writeProvisioning } from '../../devices/index.ts'
import { type SecretFacts, secretWords } from './add.ts'
import { dateOf } from './list.ts'
import { brokerFor, kindOf, makeSecret } from './secret.ts'

export interface RenewOptions {
  readonly overlap: string
  readonly broker?: string
  readonly auth?: string
  readonly out?: string
}

/** Gives a device a new secret; returns what to print. */
export async function renewDevice(
  config: Config,
  device: string,
  options: RenewOptions,
  json: boolean,
): Promise<string[]> {
  const overlapMs = options.overlap === '0' ? 0 : parseDuration(options.overlap)
  if (overlapMs === null)
    throw new CodedError('bad-usage', `--overlap ${options.overlap} is no duration.`, {
      hint: 'As in 7d, 12h or 0',
    })
  const registry = openRegistry(config.devices.folder)
  try {
    const before = registry.get(device)
    if (!before) throw noSuchDevice(device)
    const kind = kindOf(options.auth, before.credentials.at(-1)?.kind ?? 'token')
    const broker = await brokerFor(config, options.broker)
    const file = resolve(options.out ?? `${device}.yaml`)
    const { secret, credential } = await makeSecret(config, device, kind)
    writeProvisioning(file, { device, site: before.site, ...broker, ...secret })
    const nowMs = Date.now()
    try {
      registry.renew(device, credential, nowMs, nowMs + overlapMs)
    } catch (error) {
      rmSync(file)
      throw error
    }
    const facts: SecretFacts = {
      device,
      auth: kind,
      broker: broker.url,
      file,
      ends: dateOf(credential.endsMs),
    }
    const oldEnds = dateOf(nowMs + overlapMs)
    if (json) return [JSON.stringify({ ...facts, oldEnds })]
    return [`${device} has a new ${kind}; what it had works until ${oldEnds}.`, ...secretWords(facts, config)]
  } finally {
    registry.close()
  }
}

/** Ends every secret of a device; returns what to print. */
export async function revokeDevice(config: Config, device: string, json: boolean): Promise<string[]> {
  const registry = openRegistry(config.devices.folder)
  try {
    const revoked = registry.revoke(device, Date.now())
    if (json) return [JSON.stringify({ device, revoked })]
    if (revoked === 0) return [`${device} had nothing valid any more.`]
    return [
      `${device} is shut out: a collector that runs closes its connection within seconds.`,
      ...(config.broker === null
        ? ['An outside broker has to be told: barograph-collector devices mosquitto --help']
        : []),
      `Its readings stay. To let it in again, with a new secret: barograph-collector devices add ${device}`,
    ]
  } finally {
    registry.close()
  }
}
