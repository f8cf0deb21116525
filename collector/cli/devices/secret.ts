import { networkInterfaces } from 'node:os'
import { readFileSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import { formatAddress, isLoopback } from '@barograph/proto/config'
import type { Config } from '../../config/index.ts'
import {
  type CredentialKind,
  hashForMosquitto,
  hashToken,
  makeToken,
  type NewCredential,
  openAuthority,
  type Provisioning,
  serverNames,
} from '../../devices/index.ts'

/** A new secret: what the device gets, and what is kept of it. */
export interface NewSecret {
  readonly secret: Pick<Provisioning, 'token' | 'certificate'>
  readonly credential: NewCredential
}

export async function makeSecret(config: Config, device: string, kind: CredentialKind): Promise<NewSecret> {
  if (kind === 'token') {
    const token = makeToken()
    return {
      secret: { token, certificate: null },
      credential: {
        kind,
        endsMs: null,
        tokenHash: await hashToken(token),
        mosquittoHash: hashForMosquitto(token),
        serial: null,
      },
    }
  }
  const authority = await openAuthority(config.devices.folder, Date.now())
  const { cert, key, serial, endsMs } = await authority.issueDevice(device, Date.now())
  return {
    secret: { token: null, certificate: { cert, key } },
    credential: { kind, endsMs, tokenHash: null, mosquittoHash: null, serial },
  }
}

/** Token or certificate: as asked for, as it was before, or as the configuration says. */
export function kindOf(asked: string | undefined, otherwise: CredentialKind): CredentialKind {
  if (asked === undefined) return otherwise
  if (asked === 'token' || asked === 'certificate') return asked
  throw new CodedError('bad-usage', `--auth ${asked} is not allowed.`, {
    hint: 'Allowed: token, certificate',
  })
}

/** Where a device connects to, and the authority that it has to trust for that. */
export async function brokerFor(
  config: Config,
  asked: string | undefined,
): Promise<Pick<Provisioning, 'url' | 'ca'>> {
  const url = asked === undefined ? (config.devices.url ?? defaultUrl(config)) : checkedUrl(asked)
  if (!url.startsWith('mqtts:')) return { url, ca: null }
  const { broker, devices } = config
  // An outside broker shows a certificate of ours when it was given one (devices mosquitto), which we assume.
  if (broker === null || broker.tls === 'auto') {
    const { cert } = await openAuthority(devices.folder, Date.now())
    if (broker) checkName(config, url)
    return { url, ca: cert }
  }
  const ca = broker.tls?.ca ?? null
  return { url, ca: ca === null ? null : readFileSync(ca, 'utf8') }
}

function defaultUrl({ broker, mqtt }: Config): string {
  if (broker === null) {
    const url = new URL(mqtt?.url ?? 'mqtt://127.0.0.1:1883')
    url.username = ''
    url.password = ''
    return url.href.replace(/\/$/, '')
  }
  const { listen, tls } = broker
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::'
  const host = isEverywhere ? (firstAddress() ?? '127.0.0.1') : listen.host
  return `${tls ? 'mqtts' : 'mqtt'}://${formatAddress({ host, port: listen.port })}`
}

/** The first address by which other machines may know this one. */
function firstAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? null
}

function checkedUrl(url: string): string {
  if (/^mqtts?:\/\/[^\s/@]+$/.test(url) && URL.canParse(url)) return url
  throw new CodedError('bad-usage', `--broker ${url} is no address of a broker.`, {
    hint: 'As in mqtts://collector.example:8883',
  })
}

/** A name that the broker's certificate does not bear is one by which no device trusts it. */
function checkName({ broker, devices }: Config, url: string): void {
  if (!broker || isLoopback({ host: new URL(url).hostname, port: 0 })) return
  const names = serverNames(broker.listen, devices.url)
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  if (names.includes(host)) return
  throw new CodedError('bad-usage', `The broker's certificate does not bear the name ${host}.`, {
    hint: `Set devices.url to ${url}, and it will. It bears: ${names.join(', ')}`,
  })
}
