import { chownSync, mkdirSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { CodedError } from '@barograph/proto'
import type { Config } from '../../config/index.ts'
import {
  collectorUser,
  ensureServerCertificate,
  hashForMosquitto,
  makeToken,
  mosquittoFiles,
  openAuthority,
  openRegistry,
  readIfThere,
  replaceFile,
  serverNames,
} from '../../devices/index.ts'
import { numberOption } from '../context.ts'
import { kindOf } from './secret.ts'

export interface MosquittoOptions {
  readonly out: string
  readonly port: string
  readonly name?: string
  readonly auth?: string
}

/** Writes what an outside Mosquitto has to know of the devices; returns what to print. */
export async function writeMosquitto(
  config: Config,
  options: MosquittoOptions,
  json: boolean,
): Promise<string[]> {
  const folder = resolve(options.out)
  const port = numberOption('--port', options.port, 1, 65_535)
  const kind = kindOf(options.auth, config.devices.auth === 'certificate' ? 'certificate' : 'token')
  const nowMs = Date.now()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const authority = await openAuthority(config.devices.folder, nowMs)
  const server = await ensureServerCertificate(folder, namesOf(config, options.name), nowMs, authority)
  const registry = openRegistry(config.devices.folder)
  try {
    const devices = registry.list()
    const password = readIfThere(join(folder, 'collector-password'))?.trim() || makeToken()
    const texts = mosquittoFiles({
      devices,
      kind,
      folder,
      port,
      collectorHash: hashForMosquitto(password),
      nowMs,
    })
    const revoked = devices
      .flatMap(({ credentials }) => credentials)
      .flatMap(({ serial, revokedMs, endsMs }) =>
        // One that a renewal has cut short is as good as revoked, and its certificate does not say so.
        serial === null ? [] : [{ serial, revokedMs: revokedMs ?? endsMs ?? nowMs }],
      )
      .filter(({ revokedMs }) => revokedMs <= nowMs)
    const files: readonly (readonly [string, string])[] = [
      ['collector-password', `${password}\n`],
      ['passwords', texts.passwords],
      ['acl', texts.acl],
      ['ca.crt', authority.cert],
      ['server.crt', server.cert],
      ['server.key', server.key],
      ['crl.pem', await authority.revocationList(revoked, nowMs)],
      ['devices.conf', texts.conf],
    ]
    for (const [name, text] of files) give(folder, name, text)
    const facts = { folder, files: files.map(([name]) => name), devices: devices.length }
    return json ? [JSON.stringify(facts)] : wordsOf(folder)
  } finally {
    registry.close()
  }
}

/** Under root they belong to whom the folder belongs: Mosquitto reads them again as a user of its own. */
function give(folder: string, name: string, text: string): void {
  const path = join(folder, name)
  replaceFile(path, text)
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(folder)
  chownSync(path, uid, gid)
}

function namesOf(config: Config, name: string | undefined): string[] {
  if (name !== undefined && isIP(name) === 0 && !/^[a-z0-9.-]+$/i.test(name))
    throw new CodedError('bad-usage', `--name ${name} is no name of a machine.`, {
      hint: 'As in broker.example, or an address',
    })
  const told = config.devices.url ?? config.mqtt?.url ?? null
  const names = serverNames({ host: 'localhost', port: 0 }, told)
  return name === undefined ? names : [...new Set([name, ...names])]
}

const wordsOf = (folder: string): string[] => [
  `${folder} has what Mosquitto needs. Once, in its mosquitto.conf: include_dir ${folder}, or the lines of devices.conf.`,
  `Its user has to be able to read them: sudo chown mosquitto ${folder}, and run this again as root.`,
  'After each devices add, revoke or renew: run this again, then systemctl reload mosquitto (kill -HUP).',
  `The collector comes in as ${collectorUser}: mqtt: { username: ${collectorUser}, password: file:${folder}/collector-password }`,
]
