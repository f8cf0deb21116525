import { isCoded } from '@barograph/proto'
import type { Config } from '../../config/index.ts'
import { formatTime } from '../../core/iso-time.ts'
import {
  certificateLives,
  endWords,
  type Credential,
  hasRegistry,
  isValid,
  openRegistry,
  readEndings,
  type RegisteredDevice,
} from '../../devices/index.ts'
import { createOpeners } from '../../roles/open.ts'

/** Every device as lines to print; never a secret. */
export async function listDevices(config: Config, json: boolean): Promise<string[]> {
  const { folder } = config.devices
  const devices = hasRegistry(folder) ? readAll(folder) : []
  const lastSeen = await readLastSeen(config)
  const rows = devices.map((device) => rowOf(device, lastSeen.get(device.device) ?? null, Date.now()))
  if (json) return rows.map((row) => JSON.stringify(row))
  if (rows.length === 0) return ['No device was added yet: barograph-collector devices add --help']
  const lines = table([
    ['device', 'auth', 'state', 'added', 'last seen', 'site'],
    ...rows.map(({ device, auth, state, ends, added, lastSeen, site }) => [
      device,
      auth,
      stateWords(state, ends, Date.now()),
      added.slice(0, 10),
      lastSeen ?? 'unknown',
      site.name,
    ]),
  ])
  return [...lines, ...authorityWords(folder, Date.now())]
}

function readAll(folder: string): RegisteredDevice[] {
  const registry = openRegistry(folder)
  try {
    return registry.list()
  } finally {
    registry.close()
  }
}

/** What the list says of one device. */
function rowOf(
  { device, site, addedMs, credentials }: RegisteredDevice,
  lastSeen: string | null,
  nowMs: number,
) {
  const newest = credentials.at(-1)
  const valid = credentials.filter((one) => isValid(one, nowMs))
  return {
    device,
    auth: newest?.kind ?? 'none',
    state: stateOf(newest, valid, nowMs),
    ends: dateOf(newest?.endsMs ?? null),
    added: formatTime(addedMs),
    lastSeen,
    site,
    credentials: credentials.map(({ kind, madeMs, endsMs, revokedMs }) => ({
      kind,
      made: formatTime(madeMs),
      ends: dateOf(endsMs),
      revoked: dateOf(revokedMs),
    })),
  }
}

/** As people want it: until when, or in how many days it is over. */
function stateWords(state: string, ends: string | null, nowMs: number): string {
  if (ends === null) return state
  if (state === 'ends soon') return endWords(Date.parse(ends), nowMs)
  return state === 'valid' ? `until ${ends.slice(0, 10)}` : state
}

/** What else has to be good for any of them to come in; nothing where there is no authority. */
function authorityWords(folder: string, nowMs: number): string[] {
  const { authorityEndsMs: endsMs } = readEndings(folder, nowMs)
  if (endsMs === null) return []
  const isSoon = endsMs - nowMs < certificateLives.authorityWarnDays * 86_400_000
  const words = isSoon ? endWords(endsMs, nowMs) : `is good until ${formatTime(endsMs).slice(0, 10)}`
  return [`The authority that signs for them and for the broker ${words}.`]
}

function stateOf(newest: Credential | undefined, valid: readonly Credential[], nowMs: number): string {
  if (valid.length === 0) return newest && newest.revokedMs === null ? 'ended' : 'revoked'
  const endsMs = Math.max(...valid.map((one) => one.endsMs ?? Number.POSITIVE_INFINITY))
  return endsMs - nowMs < certificateLives.deviceWarnDays * 86_400_000 ? 'ends soon' : 'valid'
}

/** From the store, where there is one; a device may be known there that was never added here. */
async function readLastSeen(config: Config): Promise<ReadonlyMap<string, string>> {
  try {
    const store = await createOpeners(config).readStore()
    try {
      const documents = await store.devices()
      return new Map(documents.map(({ device, lastIngest }) => [device, formatTime(lastIngest)]))
    } finally {
      await store.close()
    }
  } catch (error) {
    // Nothing stored yet, or a store that is away: then it is not known, and the list is of use all the same.
    if (isCoded(error)) return new Map()
    throw error
  }
}

export const dateOf = (ms: number | null): string | null => (ms === null ? null : formatTime(ms))

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
