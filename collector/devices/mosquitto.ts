import { downTopic, limits, statusTopic, upTopic } from '@barograph/proto'
import { isValid, type Credential, type RegisteredDevice } from './registry.ts'

/** The user that collectors are on the broker. */
export const collectorUser = 'collector'

/** What an outside Mosquitto is given to know the devices of a registry. */
export interface MosquittoFiles {
  /** Names and hashes: devices with a token, and the collector. */
  readonly passwords: string
  readonly acl: string
  /** Lines for mosquitto.conf. */
  readonly conf: string
}

const isOfKind =
  (kind: Credential['kind'], nowMs: number) =>
  (one: Credential): boolean =>
    one.kind === kind && isValid(one, nowMs)

/**
 * The files as texts. A device that has nothing valid any more is in none of them, so that what it has is worth nothing,
 * also while it is still connected.
 */
export function mosquittoFiles({
  devices,
  kind,
  folder,
  port,
  collectorHash,
  nowMs,
}: {
  readonly devices: readonly RegisteredDevice[]
  /** What devices have to show. */
  readonly kind: Credential['kind']
  /** Where the files will be. */
  readonly folder: string
  readonly port: number
  readonly collectorHash: string
  readonly nowMs: number
}): MosquittoFiles {
  const valid = devices.flatMap(({ device, credentials }) => {
    // Mosquitto knows one password for each name: the newest.
    const credential = credentials.filter(isOfKind(kind, nowMs)).at(-1)
    return credential ? [{ device, credential }] : []
  })
  const passwords = valid.flatMap(({ device, credential }) =>
    credential.mosquittoHash === null ? [] : `${device}:${credential.mosquittoHash}`,
  )
  return {
    passwords: lines(`${collectorUser}:${collectorHash}`, ...passwords),
    acl: lines(
      '# Who may do what: the collector reads devices and writes receipts, a device has its own topics only.',
      `user ${collectorUser}`,
      `topic read ${upTopic('+')}`,
      `topic read ${statusTopic('+')}`,
      `topic write ${downTopic('+')}`,
      ...valid.flatMap(({ device }) => [
        '',
        `user ${device}`,
        `topic write ${upTopic(device)}`,
        `topic write ${statusTopic(device)}`,
        `topic read ${downTopic(device)}`,
      ]),
    ),
    conf: lines(
      '# For mosquitto.conf, or a file in its conf.d: the listener of devices, and who may come in.',
      `listener ${port}`,
      `certfile ${folder}/server.crt`,
      `keyfile ${folder}/server.key`,
      ...(kind === 'certificate'
        ? [
            `cafile ${folder}/ca.crt`,
            `crlfile ${folder}/crl.pem`,
            'require_certificate true',
            'use_identity_as_username true',
          ]
        : []),
      '# No device can throw another one out by its client id.',
      'use_username_as_clientid true',
      '',
      'allow_anonymous false',
      `password_file ${folder}/passwords`,
      `acl_file ${folder}/acl`,
      `max_packet_size ${limits.batchBytes + 1_024}`,
      '',
      '# The collector comes in here, with its password. Elsewhere than on this machine: with TLS, as above.',
      'listener 1884 127.0.0.1',
    ),
  }
}

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`
