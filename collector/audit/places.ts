import { decodeBatch, decodeSettings, isCoded, partitionOf } from '@barograph/proto'
import { type Logged, readLogged } from './logged.ts'
import type { LogReader } from './log-reader.ts'
import { isBefore } from './position.ts'
import { readDocument } from './read.ts'
import { type Report, words } from './report.ts'
import type { Checkpoint, Documents, Position } from './schema.ts'
import { endOfTime, type StoreReader } from './store-reader.ts'

type Settings = Documents['settings']['history'][number]
type Site = Documents['devices']['sites'][number]

/** What the fold depends on beside the readings: partitions, settings and sites as of each record. */
export interface Places {
  partitionOf(device: string): number
  checkpointOf(device: string): Checkpoint
  /**
   * The time zone that windows of a level follow at an instant, as it was known when the record at `at` was folded, or
   * when the windows of the device were rebuilt since; and from when to when they do. Windows end there.
   */
  zoneOf(device: string, level: string, time: number, at: Position): ZoneStretch
  /** Levels kept as of that record. */
  levelsAt(device: string, at: Position): readonly string[]
  /** Windows of that level up to this end may have lost readings to retention. */
  sealedUntil(device: string, level: string): number
  /** What the log brings before the checkpoints. */
  readonly logged: Logged
  /** Records that the log holds beyond what is folded. */
  readonly recordsAhead: number
}

/** Settings of a partition that is no more hold for the devices that were in it. */
const isOf = ({ of }: Settings, device: string): boolean =>
  of === undefined || partitionOf(device, of.partitions) === of.partition

/** What holds before a settings record says otherwise. */
const builtIn: Omit<Settings, 'at'> = {
  defaultTimeZone: 'UTC',
  levels: ['10s', '1m', 'hour', 'day', 'week', 'month', 'year'],
}
const nowhere: Checkpoint = { position: { g: 0, n: 0 }, reach: 0 }

/** Checks the checkpoints against the log, and reads settings and sites. */
export function readPlaces(store: StoreReader, log: LogReader, report: Report): Places {
  const checkpoints = new Map<number, Checkpoint>()
  /** Those whose positions mean something in this log. */
  const ofThisLog = new Map<number, Checkpoint>()
  const settings = new Map<number, Settings[]>()
  const sites = new Map<string, Site[]>()
  const rebuilt = new Map<string, Position>()
  const sealed = new Map<string, Readonly<Record<string, number>>>()
  let recordsAhead = 0

  let recent = { device: '', partition: 0 }

  /** Asked for every reading of a device, one device after the other. */
  function place(device: string): number {
    if (recent.device !== device) recent = { device, partition: log.partitionOf(device) }
    return recent.partition
  }
  const checkpoint = (partition: number): Checkpoint => checkpoints.get(partition) ?? nowhere

  for (const row of store.checkpoints()) {
    checkpoints.set(row.partition, { position: { g: row.g, n: row.n }, reach: row.reach })
    recordsAhead += Math.max(0, log.next(row.partition) - row.n)
    const at = (field: string) => ({ collection: 'checkpoints' as const, id: String(row.partition), field })
    const end = log.next(row.partition)
    report.compare(at('log_id'), row.log_id, log.id)
    // Windows that were rebuilt are put in place in a moment; any other phase means that documents are on the move.
    if (!row.phase?.startsWith('freeze:')) report.compare(at('phase'), row.phase, null)
    const mustNotPass = (field: string, n: number, bound: number, name: string): void =>
      report.compare(at(field), n, n > bound ? `at most ${bound}, ${name}` : n)
    mustNotPass('partition', row.partition, log.partitions - 1, "the log's last partition")
    mustNotPass('position', row.n, end, "the log's end")
    mustNotPass('position', row.n, row.reach, 'its reach')
    mustNotPass('reach', row.reach, end, "the log's end")
    const hash = log.hashBefore(row.partition, row.reach)
    if (hash !== null) report.compare(at('reach_hash'), row.reach_hash, hash)
    const isThisLog = row.log_id === log.id && (hash === null || hash === row.reach_hash)
    if (isThisLog) ofThisLog.set(row.partition, checkpoint(row.partition))
    else report.find(`partition ${row.partition} was folded from another log than this one`)
    if (Math.max(row.n, row.reach) > end)
      report.find(
        `the checkpoint of partition ${row.partition} is ahead of its log: it stands at ${row.n}, reaches to ` +
          `${row.reach}, and the log ends at ${end}`,
      )
    else if (row.n > row.reach)
      report.find(
        `the checkpoint of partition ${row.partition} is ahead of its reach: it stands at ${row.n}, reaches to ${row.reach}`,
      )
  }

  for (const row of store.sets()) {
    const at = (field: string) => ({ collection: 'sets' as const, id: row.device, field })
    const { position } = checkpoint(place(row.device))
    const own = { g: row.g, n: row.n }
    report.compare(at('partition'), row.partition, place(row.device))
    report.compare(at('claimed'), row.claimed, Math.max(row.claimed, row.current))
    if (isBefore(position, own))
      report.compare(at('at'), words(own), `at most ${words(position)}, its checkpoint`)
    if (row.current > 0) rebuilt.set(row.device, own)
  }
  for (const { device, in_set, count } of store.leftOver()) {
    report.counts.leftOver += count
    report.find(
      `set ${in_set} of the windows of ${device} does not hold any more and is left over: ${count} in it`,
    )
  }

  for (const row of store.settings()) {
    const document = readDocument(report, 'settings', row, checkpoint(Number(row.id)))
    if (document) settings.set(Number(row.id), [...document.history])
  }

  for (const row of store.devices()) {
    report.counts.devices++
    const document = readDocument(report, 'devices', row, checkpoint(place(row.id)))
    if (!document) continue
    const at = (field: string) => ({ collection: 'devices' as const, id: row.id, field })
    report.compare(at('device'), document.device, row.id)
    report.compare(at('partition'), document.partition, place(row.id))
    sites.set(row.id, [...document.sites])
    sealed.set(row.id, document.sealedUntil)
  }

  // Documents may be further than settings and devices, which a flush writes last: the log tells what is missing.
  for (const [partition, { position, reach }] of checkpoints)
    for (const record of log.records(partition, position.n, reach)) {
      const at = { g: position.g, n: record.offset }
      if (record.kind === 'settings') addSettings(partition, at, record.value)
      if (record.kind === 'batch') addSite(record.device, at, record.value)
    }

  function addSettings(partition: number, at: Position, value: Uint8Array): void {
    const known = settings.get(partition) ?? []
    const fresh = readable(() => decodeSettings(value))
    if (!fresh || known.some((one) => !isBefore(one.at, at))) return
    settings.set(partition, [
      ...known,
      { at, defaultTimeZone: fresh.defaultTimeZone, levels: [...fresh.levels] },
    ])
  }

  function addSite(device: string, at: Position, value: Uint8Array): void {
    const fresh = readable(() => decodeBatch(value))?.site
    const known = sites.get(device) ?? []
    if (!fresh || known.some((site) => isSameSite(site, fresh))) return
    const { version, timeZone, validFrom } = fresh
    const heldBack = sealed.get(device)
    sites.set(
      device,
      [...known, { at, version, timeZone, validFrom, ...(heldBack ? { heldBack } : {}) }].sort(
        (a, b) => a.version - b.version,
      ),
    )
  }

  const settingsAt = (device: string, at: Position): Omit<Settings, 'at'> =>
    settings.get(place(device))?.findLast((one) => !isBefore(at, one.at) && isOf(one, device)) ?? builtIn

  return {
    partitionOf: place,
    checkpointOf: (device) => checkpoint(place(device)),
    zoneOf(device, level, time, at) {
      const rebuiltAt = rebuilt.get(device)
      const isRebuilt = rebuiltAt !== undefined && isBefore(at, rebuiltAt)
      const known = (sites.get(device) ?? []).filter((site) =>
        isRebuilt ? isBefore(site.at, rebuiltAt) : !isBefore(at, site.at),
      )
      const { defaultTimeZone } = settingsAt(device, at)
      return stretchOf(known, level, time, defaultTimeZone)
    },
    levelsAt: (device, at) => settingsAt(device, at).levels,
    sealedUntil: (device, level) => sealed.get(device)?.[level] ?? Number.NEGATIVE_INFINITY,
    logged: readLogged(log, ofThisLog, (device) => sites.get(device) ?? []),
    recordsAhead,
  }
}

const isSameSite = (a: Pick<Site, 'version' | 'timeZone' | 'validFrom'>, b: typeof a): boolean =>
  a.version === b.version && a.timeZone === b.timeZone && a.validFrom === b.validFrom

/** A record that cannot be decoded is skipped by every reader of the log. */
function readable<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch (error) {
    if (!isCoded(error)) throw error
    return null
  }
}

export interface ZoneStretch {
  readonly zone: string
  readonly from: number
  readonly to: number
}

/** Looks at every moment at which a site begins to hold for the level, outwards from an instant. */
function stretchOf(known: readonly Site[], level: string, time: number, otherwise: string): ZoneStretch {
  const held = (site: Site): number => site.heldBack?.[level] ?? -endOfTime
  const begin = (site: Site): number => Math.max(site.validFrom, held(site))
  // Before them all the first one holds, but not for what was sealed when it came.
  const zoneAt = (t: number): string =>
    (known.findLast((site) => begin(site) <= t) ?? known.find((site) => held(site) <= t))?.timeZone ??
    otherwise
  const zone = zoneAt(time)
  let [from, to] = [-endOfTime, endOfTime]
  const begins = known.flatMap((site) => [held(site), begin(site)]).sort((a, b) => a - b)
  for (const t of begins.filter((t) => t > time)) {
    if (zoneAt(t) === zone) continue
    to = t
    break
  }
  for (const t of begins.filter((t) => t <= time).reverse()) {
    // What held just before it began.
    if (zoneAt(t) === zone && zoneAt(t - 1) === zone) continue
    from = t
    break
  }
  return { zone, from, to }
}
