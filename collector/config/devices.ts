// What of collector.yaml says who devices are and how they reach us: `broker` and `devices`.
import { dirname, join, resolve } from 'node:path'
import { type Address, address, type ConfigIssue, formatAddress, isLoopback } from '@barograph/proto/config'
import { z } from 'zod'

const file = () => z.string().min(1).describe('a file, as seen from the configuration')

const tls = () =>
  z
    .union([z.enum(['auto', 'off']), z.strictObject({ cert: file(), key: file(), ca: file().optional() })])
    .describe('auto (a certificate of our own authority), off, or { cert: FILE, key: FILE }')

export const brokerSchema = z.strictObject({
  listen: address().prefault('127.0.0.1:1883'),
  tls: tls().optional(),
})

const authWords =
  'none (devices need no credentials; only on loopback), token or certificate (barograph-collector devices add makes them)'

export const devicesSchema = z.strictObject({
  auth: z.enum(['none', 'token', 'certificate']).default('none').describe(authWords),
  folder: z.string().min(1).optional().describe('a folder for the registry, keys and certificates'),
  url: z
    .string()
    .refine((text) => /^mqtts?:\/\/[^\s/@]+$/.test(text) && URL.canParse(text))
    .optional()
    .describe('the address that devices are told, as in mqtts://collector.example:8883'),
})

/** Files of a certificate that somebody else made. */
export interface TlsPaths {
  readonly cert: string
  readonly key: string
  /** The authority that devices have to trust for it; null: one that every machine trusts. */
  readonly ca: string | null
}

export interface BrokerConfig {
  readonly listen: Address
  /** Null: no TLS; `auto`: of our own authority. */
  readonly tls: 'auto' | TlsPaths | null
}

export interface DevicesConfig {
  readonly auth: 'none' | 'token' | 'certificate'
  /** Where the registry, keys and certificates are. */
  readonly folder: string
  /** What devices are told to connect to; null: it follows from where the broker listens. */
  readonly url: string | null
}

type BrokerFile = z.output<typeof brokerSchema>
type DevicesFile = z.output<typeof devicesSchema>

/** What of these two sections goes together and what does not. */
export function checkDevices(broker: BrokerFile | undefined, { auth }: DevicesFile): ConfigIssue[] {
  if (!broker) return []
  const issues: ConfigIssue[] = []
  if (auth === 'none' && !isLoopback(broker.listen))
    issues.push({
      path: ['broker', 'listen'],
      message: `${formatAddress(broker.listen)} can be reached from other machines, and devices.auth is none`,
      allowed:
        'with the line "devices: { auth: token }" any address; without it one of this machine alone, as 127.0.0.1:1883',
    })
  if (auth === 'certificate' && broker.tls === 'off')
    issues.push({
      path: ['broker', 'tls'],
      message: 'certificates are shown over TLS, and devices.auth is certificate',
      allowed: 'auto, or { cert: FILE, key: FILE }',
    })
  return issues
}

/** TLS is on wherever somebody could listen in, unless it was turned off in so many words. */
export function resolveBroker(
  { listen, tls: written }: BrokerFile,
  { auth }: DevicesFile,
  folder: string,
): BrokerConfig {
  if (written === undefined)
    return { listen, tls: auth === 'certificate' || !isLoopback(listen) ? 'auto' : null }
  if (typeof written === 'string') return { listen, tls: written === 'auto' ? 'auto' : null }
  const { cert, key, ca } = written
  const of = (path: string): string => resolve(folder, path)
  return { listen, tls: { cert: of(cert), key: of(key), ca: ca === undefined ? null : of(ca) } }
}

/** `storePath`: the store's file, or null where the store is elsewhere. */
export function resolveDevices(
  { auth, folder: written, url }: DevicesFile,
  folder: string,
  storePath: string | null,
): DevicesConfig {
  const beside = storePath === null ? join(folder, 'data') : dirname(storePath)
  return {
    auth,
    folder: written === undefined ? join(beside, 'devices') : resolve(folder, written),
    url: url ?? null,
  }
}
