import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, join } from 'node:path'
import { CodedError } from '@barograph/proto'
import { createFile, publicMode, replaceFile } from './private-file.ts'

const dayMs = 86_400_000

/** How long what we sign is valid, from its making. */
export const certificateLives = {
  /** Every device has it as its one authority: as long as hardware lives. */
  authorityDays: 20 * 365,
  /** Made anew by itself long before. */
  serverDays: 365,
  serverRenewDays: 120,
  deviceDays: 2 * 365,
  /** From here on it is said that a certificate of a device ends. */
  deviceWarnDays: 60,
  /** The same of the authority: every device needs a new file then. */
  authorityWarnDays: 365,
} as const

/**
 * From when on it all is valid. A board without a battery for its clock begins in the past, and has to get through to
 * somebody who knows the time.
 */
const notBefore = new Date(Date.UTC(2020, 0, 1))

export interface KeyAndCertificate {
  /** PEM. */
  readonly key: string
  readonly cert: string
}

export interface DeviceCertificate extends KeyAndCertificate {
  readonly serial: string
  readonly endsMs: number
}

/** Signs certificates of this collector's broker and devices. */
export interface Authority {
  /** PEM. */
  readonly cert: string
  issueServer(names: readonly string[], nowMs: number): Promise<KeyAndCertificate>
  issueDevice(device: string, nowMs: number): Promise<DeviceCertificate>
  /** The list of revoked serial numbers, PEM, as brokers read it. */
  revocationList(revoked: readonly { serial: string; revokedMs: number }[], nowMs: number): Promise<string>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const serverUse = '1.3.6.1.5.5.7.3.1'
const clientUse = '1.3.6.1.5.5.7.3.2'

/** Loaded when something is signed, which is seldom: it costs 17 MB. */
async function loadLibrary() {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(crypto)
  return x509
}

/** The authority in this folder; made where there is none. Key and certificate are one file, so that neither is alone. */
export async function openAuthority(folder: string, nowMs: number): Promise<Authority> {
  const path = join(folder, 'authority.pem')
  mkdirSync(dirname(folder), { recursive: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const kept = readIfThere(path) ?? (await make(path, nowMs))
  const { key, cert } = splitPem(kept, path)
  const shown = join(folder, 'ca.crt')
  if (readIfThere(shown) !== cert) replaceFile(shown, cert, publicMode)
  return createAuthority(await importKey(key), cert)
}

function createAuthority(signingKey: CryptoKey, cert: string): Authority {
  async function issue(
    subject: string,
    days: number,
    nowMs: number,
    extended: (library: Awaited<ReturnType<typeof loadLibrary>>) => unknown[],
  ): Promise<KeyAndCertificate & { serial: string; endsMs: number }> {
    const x509 = await loadLibrary()
    const issuer = new x509.X509Certificate(cert)
    const keys = await makeKeys()
    const serial = makeSerial()
    const notAfter = new Date(nowMs + days * dayMs)
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject: `CN=${subject}`,
      issuer: issuer.subject,
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(issuer),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...(extended(x509) as InstanceType<typeof x509.Extension>[]),
      ],
    })
    return {
      key: await exportKey(keys.privateKey),
      cert: pemOf(made.rawData, 'CERTIFICATE'),
      serial,
      endsMs: notAfter.getTime(),
    }
  }

  return {
    cert,
    async issueServer(names, nowMs) {
      const alternatives = names.map((value) => ({
        type: isIP(value) ? ('ip' as const) : ('dns' as const),
        value,
      }))
      const { key, cert } = await issue('barograph-broker', certificateLives.serverDays, nowMs, (x509) => [
        new x509.ExtendedKeyUsageExtension([serverUse]),
        new x509.SubjectAlternativeNameExtension(alternatives),
      ])
      return { key, cert }
    },
    issueDevice: (device, nowMs) =>
      issue(device, certificateLives.deviceDays, nowMs, (x509) => [
        new x509.ExtendedKeyUsageExtension([clientUse]),
      ]),
    async revocationList(revoked, nowMs) {
      const x509 = await loadLibrary()
      const { subject, notAfter } = new x509.X509Certificate(cert)
      const list = await x509.X509CrlGenerator.create({
        issuer: subject,
        thisUpdate: notBefore,
        // A list that has ended shuts everybody out; it is replaced when something changes.
        nextUpdate: new Date(Math.max(notAfter.getTime(), nowMs)),
        signingAlgorithm: algorithm,
        signingKey,
        entries: revoked.map(({ serial, revokedMs }) => ({
          serialNumber: serial,
          revocationDate: new Date(revokedMs),
        })),
      })
      return pemOf(list.rawData, 'X509 CRL')
    },
  }
}

async function make(path: string, nowMs: number): Promise<string> {
  const x509 = await loadLibrary()
  const keys = await makeKeys()
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: makeSerial(),
    // Its own name for each, so that nobody takes the certificates of two collectors for those of one.
    name: `CN=Barograph ${randomBytes(4).toString('hex')}`,
    notBefore,
    notAfter: new Date(nowMs + certificateLives.authorityDays * dayMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  const text = (await exportKey(keys.privateKey)) + pemOf(made.rawData, 'CERTIFICATE')
  // Another process may have made one in the same moment: the first stays.
  return createFile(path, text) ? text : readFileSync(path, 'utf8')
}

/** When a certificate ends, ms since 1970. */
export const endOf = (cert: string): number => new Date(new X509Certificate(cert).validTo).getTime()

/** The key and the certificate of one text. Throws `bad-certificate`. */
export function splitPem(text: string, path: string): KeyAndCertificate {
  const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/.exec(text)?.[0]
  const cert = /-----BEGIN CERTIFICATE-----[^]+-----END CERTIFICATE-----\n?/.exec(text)?.[0]
  if (key !== undefined && cert !== undefined) return { key, cert }
  throw new CodedError('bad-certificate', `${path} holds no key and certificate.`, {
    hint: 'Put a copy of it in its place. Without one, move it away: a new one is made, and every device has to be added anew.',
  })
}

/** Positive, and without a zero in front, so that everybody writes it the same way. */
function makeSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return bytes.toString('hex')
}

const makeKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

async function exportKey(key: CryptoKey): Promise<string> {
  return pemOf(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

function importKey(pem: string): Promise<CryptoKey> {
  const bytes = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
  return crypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign'])
}

function pemOf(bytes: ArrayBuffer, label: string): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new CodedError('bad-certificate', `${path} cannot be read.`, {
      hint: 'The collector needs to read it; check who owns it.',
      cause: error,
    })
  }
}
