import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CodedError } from '@barograph/proto'
import { openSqliteFile } from '../sqlite-file.ts'

export type CredentialKind = 'token' | 'certificate'

/** Where a device stands, as its provisioning file says it. */
export interface RegisteredSite {
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
  readonly timeZone: string
}

/** One way for a device to prove who it is. */
export interface Credential {
  readonly id: number
  readonly device: string
  readonly kind: CredentialKind
  readonly madeMs: number
  /** When it stops to be valid by itself; null: never. */
  readonly endsMs: number | null
  readonly revokedMs: number | null
  /** Of a token: its hash, and the one for Mosquitto. */
  readonly tokenHash: string | null
  readonly mosquittoHash: string | null
  /** Of a certificate: its serial number, small hexadecimal digits. */
  readonly serial: string | null
}

export interface RegisteredDevice {
  readonly device: string
  readonly site: RegisteredSite
  readonly addedMs: number
  /** The oldest first; what was revoked or has ended stays as history. */
  readonly credentials: readonly Credential[]
}

export type NewCredential = Pick<Credential, 'kind' | 'endsMs' | 'tokenHash' | 'mosquittoHash' | 'serial'>

/** Which devices there are and how each proves who it is. Any number of processes may have it open at once. */
export interface Registry {
  /** Adds a device, or gives one without a valid credential a new one. Throws `device-exists`. */
  add(device: string, site: RegisteredSite, credential: NewCredential, nowMs: number): void
  /** One more credential; those that are valid now end at `othersEndMs` at the latest. Throws `no-such-device`. */
  renew(device: string, credential: NewCredential, nowMs: number, othersEndMs: number): void
  /** Ends every valid credential of a device; how many these were. */
  revoke(device: string, nowMs: number): number
  get(device: string): RegisteredDevice | null
  list(): RegisteredDevice[]
  credential(id: number): Credential | null
  credentialOfSerial(serial: string): Credential | null
  /** Devices of which every valid credential ends by itself, and when the last one does; the first first. */
  ends(nowMs: number): { device: string; endsMs: number }[]
  /** Another number after every change by another connection. */
  version(): number
  close(): void
}

/** 'BgDv' in the file's header. */
const applicationId = 0x42674476

const migrations = [
  `CREATE TABLE devices (device TEXT PRIMARY KEY, site TEXT NOT NULL, added INTEGER NOT NULL) STRICT;
   CREATE TABLE credentials (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     device TEXT NOT NULL REFERENCES devices (device),
     kind TEXT NOT NULL,
     made INTEGER NOT NULL,
     ends INTEGER,
     revoked INTEGER,
     token_hash TEXT,
     mosquitto_hash TEXT,
     serial TEXT UNIQUE
   ) STRICT;
   CREATE INDEX credentials_of_device ON credentials (device, id);`,
]

interface DeviceRow {
  readonly device: string
  readonly site: string
  readonly added: number
}

const registryPath = (folder: string): string => join(folder, 'registry.db')

/** True when devices were ever added here. */
export const hasRegistry = (folder: string): boolean => existsSync(registryPath(folder))

/** Whether a credential is valid now. */
export const isValid = ({ endsMs, revokedMs }: Credential, nowMs: number): boolean =>
  revokedMs === null && (endsMs === null || endsMs > nowMs)

/** Opens the registry in its folder, and makes it where there is none, readable by its owner alone. */
export function openRegistry(folder: string): Registry {
  const path = registryPath(folder)
  makePrivate(folder, path)
  const { db, guard, transact, close } = openSqliteFile({
    path,
    what: 'registry',
    applicationId,
    migrations,
    readOnly: false,
    maxBytes: undefined,
  })
  const columns = `id, device, kind, made AS madeMs, ends AS endsMs, revoked AS revokedMs,
    token_hash AS tokenHash, mosquitto_hash AS mosquittoHash, serial`
  const one = db.prepare<[string], DeviceRow>('SELECT * FROM devices WHERE device = ?')
  const all = db.prepare<[], DeviceRow>('SELECT * FROM devices ORDER BY device')
  const byDevice = db.prepare<[string], Credential>(
    `SELECT ${columns} FROM credentials WHERE device = ? ORDER BY id`,
  )
  const byId = db.prepare<[number], Credential>(`SELECT ${columns} FROM credentials WHERE id = ?`)
  const bySerial = db.prepare<[string], Credential>(`SELECT ${columns} FROM credentials WHERE serial = ?`)
  const insertDevice = db.prepare(
    `INSERT INTO devices VALUES (@device, @site, @nowMs) ON CONFLICT (device) DO UPDATE SET site = excluded.site`,
  )
  const insertCredential = db.prepare(
    `INSERT INTO credentials (device, kind, made, ends, token_hash, mosquitto_hash, serial)
     VALUES (@device, @kind, @nowMs, @endsMs, @tokenHash, @mosquittoHash, @serial)`,
  )
  const shorten = db.prepare(
    `UPDATE credentials SET ends = min(coalesce(ends, @endMs), @endMs)
     WHERE device = @device AND revoked IS NULL AND coalesce(ends, @endMs + 1) > @nowMs`,
  )
  const revoke = db.prepare(
    `UPDATE credentials SET revoked = @nowMs
     WHERE device = @device AND revoked IS NULL AND (ends IS NULL OR ends > @nowMs)`,
  )
  const ends = db.prepare<{ nowMs: number; never: number }, { device: string; endsMs: number }>(
    `SELECT device, max(coalesce(ends, @never)) AS endsMs FROM credentials
     WHERE revoked IS NULL AND (ends IS NULL OR ends > @nowMs)
     GROUP BY device HAVING endsMs < @never ORDER BY endsMs, device`,
  )
  const full = (row: DeviceRow): RegisteredDevice => ({
    device: row.device,
    site: JSON.parse(row.site) as RegisteredSite,
    addedMs: row.added,
    credentials: byDevice.all(row.device),
  })

  return {
    add(device, site, credential, nowMs) {
      transact(() => {
        if (byDevice.all(device).some((each) => isValid(each, nowMs)))
          throw new CodedError('device-exists', `There is a device ${device} already.`, {
            hint: `A new secret for it: devices renew ${device}. For another board under its name, first devices revoke ${device}.`,
          })
        insertDevice.run({ device, site: JSON.stringify(site), nowMs })
        insertCredential.run({ ...credential, device, nowMs })
      })
    },
    renew(device, credential, nowMs, othersEndMs) {
      transact(() => {
        if (!one.get(device)) throw noSuchDevice(device)
        shorten.run({ device, nowMs, endMs: othersEndMs })
        insertCredential.run({ ...credential, device, nowMs })
      })
    },
    revoke: (device, nowMs) =>
      transact(() => {
        if (!one.get(device)) throw noSuchDevice(device)
        return revoke.run({ device, nowMs }).changes
      }),
    get: (device) =>
      guard(() => {
        const row = one.get(device)
        return row ? full(row) : null
      }),
    list: () => guard(() => all.all().map(full)),
    credential: (id) => guard(() => byId.get(id) ?? null),
    credentialOfSerial: (serial) => guard(() => bySerial.get(serial) ?? null),
    ends: (nowMs) => guard(() => ends.all({ nowMs, never: Number.MAX_SAFE_INTEGER })),
    version: () => guard(() => Number(db.pragma('data_version', { simple: true }))),
    close,
  }
}

export function noSuchDevice(device: string): CodedError {
  return new CodedError('no-such-device', `There is no device ${device}.`, {
    hint: 'devices list shows those there are, devices add makes one.',
  })
}

/** SQLite gives the files beside it the mode of the database. */
function makePrivate(folder: string, path: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError(
      'registry-unusable',
      `The registry of devices at ${path} cannot be used (${reason}).`,
      {
        hint: 'The collector needs to write that file and its folder; check who owns them, or set devices.folder.',
        cause,
      },
    )
  }
}
