import { createPrivateKey, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '@barograph/proto'
import type { Address } from '@barograph/proto/config'
import type { TlsFiles, TlsSource } from '../core/access.ts'
import type { Clock } from '../core/clock.ts'
import { type Authority, certificateLives, endOf, openAuthority, readIfThere, splitPem } from './authority.ts'
import { endWords } from './endings.ts'
import { replaceFile } from './private-file.ts'

const dayMs = 86_400_000

/** How often it is looked whether a certificate is due, has another name to bear, or was replaced by somebody else. */
const lookEveryMs = 600_000

/** Of somebody else's making. */
interface GivenFiles {
  readonly cert: string
  readonly key: string
}

/** All names under which devices may find the broker on this machine. */
export function serverNames(listen: Address, url: string | null): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap(
    (all) => all?.map(({ address }) => address) ?? [],
  )
  const host = hostname()
  const told = url === null ? [] : [new URL(url).hostname.replace(/^\[|\]$/g, '')]
  const names = [...told, listen.host, 'localhost', host, `${host}.local`, '127.0.0.1', '::1', ...addresses]
  // Addresses of a link alone (fe80::) and of no machine at all (0.0.0.0) name nobody.
  return [...new Set(names)].filter((name) => !/^fe80:/i.test(name) && name !== '0.0.0.0' && name !== '::')
}

/** The certificate of our own authority for these names, kept in a folder; made anew when it lacks one or ends before long. */
export async function ensureServerCertificate(
  folder: string,
  names: readonly string[],
  nowMs: number,
  authority: Authority,
): Promise<TlsFiles> {
  const path = join(folder, 'server.pem')
  const kept = readIfThere(path)
  if (kept !== null) {
    const files = splitPem(kept, path)
    if (isGood(files.cert, authority.cert, names, nowMs)) return { ...files, ca: authority.cert }
  }
  const made = await authority.issueServer(names, nowMs)
  replaceFile(path, made.key + made.cert)
  return { ...made, ca: authority.cert }
}

function isGood(cert: string, ca: string, names: readonly string[], nowMs: number): boolean {
  const certificate = new X509Certificate(cert)
  if (!certificate.verify(new X509Certificate(ca).publicKey)) return false
  if (endOf(cert) - nowMs < certificateLives.serverRenewDays * dayMs) return false
  return names.every(
    (name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined,
  )
}

/** The files that the configuration names, with our authority to judge devices by. */
function readGiven({ cert, key }: GivenFiles, ca: string): TlsFiles {
  const texts = [cert, key].map((path) => {
    const text = readIfThere(path)
    if (text === null) throw bad(`there is no file ${path}`)
    return text
  })
  const [certText = '', keyText = ''] = texts
  const isPair = matches(certText, keyText)
  if (!isPair) throw bad(`${key} is not the key of the certificate in ${cert}`)
  return { cert: certText, key: keyText, ca }
}

function matches(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch (cause) {
    throw bad('these are no certificate and key in PEM', cause)
  }
}

const bad = (words: string, cause?: unknown): CodedError =>
  new CodedError('bad-certificate', words, {
    hint: 'broker.tls is auto, off, or { cert: FILE, key: FILE }.',
    cause,
  })

/** Keeps the broker's certificate good for as long as it runs. `report`: for people. */
export async function createTlsSource({
  folder,
  given,
  names,
  clock,
  report,
}: {
  readonly folder: string
  /** Null: of our own authority. */
  readonly given: GivenFiles | null
  readonly names: () => readonly string[]
  readonly clock: Clock
  readonly report: (level: 'info' | 'warn', words: string) => void
}): Promise<TlsSource> {
  const read = async (): Promise<TlsFiles> => {
    const authority = await openAuthority(folder, clock.now())
    return given
      ? readGiven(given, authority.cert)
      : ensureServerCertificate(folder, names(), clock.now(), authority)
  }
  let files = await read()
  let changed: ((files: TlsFiles) => void) | null = null
  let warnedOfMs = 0
  warn()
  let isClosed = false
  let cancel = clock.setTimer(lookEveryMs, () => void look())

  async function look(): Promise<void> {
    try {
      const now = await read()
      if (now.cert !== files.cert || now.key !== files.key) {
        files = now
        changed?.(now)
        report('info', `the broker shows a new certificate, good until ${dateOf(endOf(now.cert))}`)
      }
    } catch (error) {
      report(
        'warn',
        `the broker goes on with its old certificate: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    warn()
    if (isClosed) return
    cancel = clock.setTimer(lookEveryMs, () => void look())
  }

  /** Once a day. Our own is made anew long before. */
  function warn(): void {
    const leftMs = endOf(files.cert) - clock.now()
    if (leftMs > warnDays * dayMs || clock.now() - warnedOfMs < dayMs) return
    warnedOfMs = clock.now()
    report(
      'warn',
      `the broker's certificate ${endWords(endOf(files.cert), clock.now())}: devices will not trust it`,
    )
  }

  return {
    current: () => files,
    onChange(given) {
      changed = given
    },
    endsMs: () => endOf(files.cert),
    close() {
      isClosed = true
      cancel()
    },
  }
}

/** Days before its end from which on a certificate that is not ours to renew is complained about. */
export const warnDays = 21

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
