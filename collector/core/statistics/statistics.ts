import { CodedError, limits } from '@barograph/proto'
import type { ApiPartitionStatistics } from '@barograph/proto/api'
import type { CollectionName, DeviceDocument, RollupDocument, StreamDocument } from '../documents.ts'
import { placeOfMetric } from '../primary.ts'
import type { Life, Store } from '../store.ts'
import { fits, type StatisticsOf } from './of.ts'
import { figuresOfPieces, isSamePiece, type Piece, pieceOf, type Source } from './pieces.ts'

/** The part of the store that statistics read. */
export type StatisticsStore = Pick<
  Store,
  'read' | 'devices' | 'streams' | 'rollups' | 'changes' | 'newestChange' | 'life' | 'isOfLife'
>

export interface StatisticsOptions {
  readonly store: StatisticsStore
  readonly partitions: readonly number[]
  /** A name, or a whole key where one name has several units. */
  readonly metric: string
  readonly of: StatisticsOf
  /** Lets others work between two pages. */
  readonly pause: () => Promise<void>
}

/** Statistics of partitions, kept up to date by what changed in the store. */
export interface Statistics {
  /**
   * Reads what changed since the last call (the first time: everything), and returns the partitions whose figures may
   * be others. Rejects with `level-not-kept`.
   */
  refresh(): Promise<readonly number[]>
  view(partition: number): ApiPartitionStatistics
}

/** Windows and changes read at once. */
const page = 256
const followed: readonly CollectionName[] = ['devices', 'streams', 'rollups']

interface Member {
  readonly partition: number
  device: Pick<DeviceDocument, 'sensors' | 'primary'>
  readonly streams: Map<string, Pick<StreamDocument, 'sensor' | 'metrics' | 'expiredBefore'>>
  /** What the pieces are of; null: the device has none of the metric. */
  place: { readonly sensor: string; readonly key: string; readonly unit: string } | null
  expiredBefore: number
  /** By the window's start and zone. */
  readonly pieces: Map<string, Piece>
}

/**
 * Everything comes from the windows in the store, which hold each reading once whatever crashed: so do these figures,
 * whoever computes them and how often.
 */
export function createStatistics({ store, partitions, metric, of, pause }: StatisticsOptions): Statistics {
  let members = new Map<string, Member>()
  let source: Source = 'month'
  let from: { readonly life: Life; readonly cursor: number } | null = null
  let changed = new Set<number>()

  async function load(): Promise<void> {
    const life = await store.life()
    const cursor = await store.newestChange()
    source = await sourceOf(store, partitions)
    const streams = Map.groupBy(await store.streams(), ({ device }) => device)
    members = new Map()
    for (const device of await store.devices()) {
      if (!partitions.includes(device.partition)) continue
      const member = newMember(device)
      for (const stream of streams.get(device.device) ?? []) noteStream(member, stream)
      members.set(device.device, member)
      await place(device.device, member)
    }
    from = life && { life, cursor }
    changed = new Set(partitions)
  }

  /** A new device may come behind its streams and windows: what came before it is read. */
  async function memberOf(document: DeviceDocument): Promise<Member> {
    const known = members.get(document.device)
    if (known) {
      known.device = slim(document)
      return known
    }
    const member = newMember(document)
    for (const stream of await store.streams(document.device)) noteStream(member, stream)
    return member
  }

  /** Looks again which sensor speaks for the device, and reads its windows if that is another now. */
  async function place(id: string, member: Member): Promise<void> {
    const streams = [...member.streams.values()]
    const found = placeOfMetric(member.device, streams, metric)
    const described = found?.stream.metrics[found.key]
    const next =
      found && described && fits(of, described.kind)
        ? { sensor: found.stream.sensor, key: found.key, unit: described.unit }
        : null
    member.expiredBefore = found?.stream.expiredBefore[source] ?? Number.NEGATIVE_INFINITY
    const isSame = next?.sensor === member.place?.sensor && next?.key === member.place?.key
    member.place = next
    if (!isSame) {
      member.pieces.clear()
      changed.add(member.partition)
      await readWindows(id, member)
    }
    for (const [key, { windowEnd }] of member.pieces)
      if (windowEnd <= member.expiredBefore) {
        member.pieces.delete(key)
        changed.add(member.partition)
      }
  }

  async function readWindows(device: string, member: Member): Promise<void> {
    if (!member.place) return
    const { sensor } = member.place
    const range = { from: limits.earliestTimeMs - 400 * 86_400_000, to: limits.latestTimeMs + 1 }
    for (let cursor: string | null = null; ; ) {
      const { items, cursor: next } = await store.rollups({
        device,
        sensor,
        level: source,
        ...range,
        limit: page,
        ...(cursor === null ? {} : { cursor }),
      })
      for (const rollup of items) note(member, rollup)
      if (next === null) return
      cursor = next
      await pause()
    }
  }

  function note(member: Member, rollup: RollupDocument): void {
    const { place, pieces, expiredBefore } = member
    if (!place || rollup.sensor !== place.sensor || rollup.level !== source) return
    const piece = rollup.end <= expiredBefore ? null : pieceOf(rollup, place.key, of)
    const key = `${rollup.start}/${rollup.timeZone}`
    if (isSamePiece(pieces.get(key), piece)) return
    if (piece) pieces.set(key, piece)
    else pieces.delete(key)
    changed.add(member.partition)
  }

  async function follow(life: Life, since: number): Promise<void> {
    let at = since
    for (; ; await pause()) {
      const { changes, cursor } = await store.changes(at, page, followed)
      const touched = new Set<string>()
      for (const { document } of changes) {
        if ('level' in document) {
          const member = members.get(document.device)
          if (member) note(member, document)
          continue
        }
        if ('sites' in document && partitions.includes(document.partition)) {
          members.set(document.device, await memberOf(document))
          touched.add(document.device)
        }
        if ('lateRecords' in document) {
          const member = members.get(document.device)
          if (member) noteStream(member, document)
          if (member) touched.add(document.device)
        }
      }
      for (const id of touched) {
        const member = members.get(id)
        if (member) await place(id, member)
      }
      at = cursor
      if (changes.length < page) break
    }
    from = { life, cursor: at }
  }

  return {
    async refresh() {
      const since = from
      // What fails halfway is read from the beginning the next time.
      from = null
      if (since && (await store.isOfLife(since.life, since.cursor))) await follow(since.life, since.cursor)
      else await load()
      const result = [...changed]
      changed = new Set()
      return result.sort((a, b) => a - b)
    },
    view(partition) {
      const own = [...members].filter(([, member]) => member.partition === partition)
      const devices = own
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([id, { place, pieces }]) => {
          const figures = figuresOfPieces(pieces.values())
          return place && figures ? [[id, { sensor: place.sensor, unit: place.unit, ...figures }]] : []
        })
      return { partition, metric, of, devices: Object.fromEntries(devices) }
    },
  }
}

const slim = ({ sensors, primary }: DeviceDocument): Pick<DeviceDocument, 'sensors' | 'primary'> => ({
  sensors,
  primary,
})

function newMember(device: DeviceDocument): Member {
  return {
    partition: device.partition,
    device: slim(device),
    streams: new Map(),
    place: null,
    expiredBefore: Number.NEGATIVE_INFINITY,
    pieces: new Map(),
  }
}

function noteStream({ streams }: Member, { sensor, metrics, expiredBefore }: StreamDocument): void {
  streams.set(sensor, { sensor, metrics, expiredBefore })
}

/**
 * Months hold the figures of their days in a thirtieth of the documents. Where months were not kept all along, days are
 * taken, if those were.
 */
async function sourceOf(store: Pick<Store, 'read'>, partitions: readonly number[]): Promise<Source> {
  const settings = await store.read('settings', partitions.map(String))
  const kept = settings.flatMap((one) => one?.history.map(({ levels }) => levels) ?? [])
  const now = settings.flatMap((one) => one?.history.at(-1)?.levels ?? [])
  const sources = ['month', 'day'] as const
  if (kept.length === 0) return 'month'
  const found =
    sources.find((level) => kept.every((levels) => levels.includes(level))) ??
    sources.find((level) => now.includes(level))
  if (found) return found
  throw new CodedError('level-not-kept', 'Statistics need windows of months or days, and neither are kept.', {
    hint: 'Add month to rollups.levels, and rebuild for what came before.',
  })
}
