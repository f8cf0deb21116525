import { limits } from '@barograph/proto'
import type { BucketDocument, StoredMark } from '../documents.ts'
import type { Store } from '../store.ts'

/** An entry's identity within its stream, and its time: the order in which entries leave. */
export interface EntryKey {
  readonly time: number
  readonly epoch: string
  readonly seq: number
}

/** A raw entry, out of its bucket. */
export interface Entry extends EntryKey {
  /** Thousandths and flags, in the order of the keys that were asked for; null: it has none. */
  readonly values: readonly (number | null)[]
  readonly flags: readonly number[] | null
  /** null: it is a reading. */
  readonly mark: StoredMark | null
  /** Why it waits for release; null: it does not. */
  readonly quarantined: string | null
}

export type EntryStore = Pick<Store, 'read' | 'buckets' | 'changes' | 'newestChange'>

export const entryLimits = {
  /** Buckets read at once. */
  buckets: 64,
  /** Entries that wait for their turn. With more the latest are let go, and read once more when it is theirs. */
  waiting: 131_072,
  /** Changed buckets looked at in one step. */
  changes: 256,
} as const

interface Asked {
  readonly device: string
  readonly sensor: string
  readonly from: number
  readonly to: number
  /** Metrics by key. */
  readonly keys: readonly string[]
}

/** By time; at equal times by epoch and number. */
export function compareKeys(a: EntryKey, b: EntryKey): number {
  return a.time - b.time || (a.epoch < b.epoch ? -1 : a.epoch > b.epoch ? 1 : a.seq - b.seq)
}

/**
 * All entries of a stream with from <= time < to, in order, each once, some at a time; however many there are, it holds few.
 * Buckets ascend by their first times but overlap, so an entry leaves when no later bucket can hold one before it.
 * What is there when it begins is in it, also while others write: an entry that comes late may move its bucket to a place that was
 * passed already, and such buckets are found among the changes. What comes late behind the place where it is, is not in it.
 */
export async function* readEntries(
  store: EntryStore,
  asked: Asked,
  bounds: { readonly [K in keyof typeof entryLimits]: number } = entryLimits,
): AsyncGenerator<readonly Entry[]> {
  let after: EntryKey | null = null
  for (;;) {
    const walk = createWalk(asked, after, bounds)
    for await (const entries of runWalk(store, asked, walk, bounds)) {
      if (entries.length === 0) continue
      yield entries
      after = entries.at(-1) ?? after
    }
    if (!walk.wasCut()) return
  }
}

type Bounds = { readonly [K in keyof typeof entryLimits]: number }
type Walk = ReturnType<typeof createWalk>

async function* runWalk(
  store: EntryStore,
  { device, sensor, to }: Asked,
  walk: Walk,
  bounds: Bounds,
): AsyncGenerator<readonly Entry[]> {
  let since = await store.newestChange()
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<EntryStore['buckets']>> = await store.buckets({
      device,
      sensor,
      from: walk.from,
      to,
      limit: bounds.buckets,
      ...(cursor === null ? {} : { cursor }),
    })
    for (;;) {
      const { changes, cursor: next } = await store.changes(since, bounds.changes, ['readings'])
      for (const { document } of changes) if ('columns' in document) walk.noteChanged(document)
      since = next
      if (changes.length < bounds.changes) break
    }
    const passed = walk.passed(page.items, page.cursor === null)
    for (let i = 0; i < passed.length; i += bounds.buckets)
      for (const bucket of await store.read('readings', passed.slice(i, i + bounds.buckets)))
        if (bucket) walk.take(bucket)
    for (const bucket of page.items) {
      yield walk.before(bucket.firstTime ?? Number.NEGATIVE_INFINITY)
      if (walk.isOver(bucket)) return
      walk.take(bucket)
    }
    cursor = page.cursor
  } while (cursor !== null)
  yield walk.before(Number.POSITIVE_INFINITY)
}

/** One walk through the buckets of a stream: entries behind `after`, as far as there is room for those that wait. */
function createWalk(asked: Asked, after: EntryKey | null, { waiting: most }: Bounds) {
  const from = after ? Math.max(asked.from, after.time) : asked.from
  const seen = new Map<string, Set<number>>()
  /** Buckets that changed and were not seen yet, by id. */
  const changed = new Map<string, BucketPlace>()
  let waiting: Entry[] = []
  /** Everything before it has left. */
  let frontier = Number.NEGATIVE_INFINITY
  /** What is behind it was let go. */
  let cut: EntryKey | null = null

  const isSeen = ({ epoch, index }: BucketDocument): boolean => seen.get(epoch)?.has(index) ?? false

  function take(bucket: BucketDocument): void {
    if (isSeen(bucket)) return
    const { epoch, index } = bucket
    seen.set(epoch, (seen.get(epoch) ?? new Set()).add(index))
    changed.delete(bucket.id)
    for (const entry of entriesOf(bucket, from, asked))
      if (
        entry.time >= frontier &&
        (after === null || compareKeys(entry, after) > 0) &&
        (cut === null || compareKeys(entry, cut) <= 0)
      )
        waiting.push(entry)
    if (waiting.length <= most) return
    waiting.sort(compareKeys)
    waiting.length = Math.ceil(most / 2)
    cut = waiting.at(-1) ?? null
  }

  return {
    from,
    take,
    wasCut: () => cut !== null,
    isOver: ({ firstTime }: BucketDocument) => cut !== null && (firstTime ?? 0) > cut.time,
    noteChanged(bucket: BucketDocument): void {
      const { device, sensor, id, firstTime } = bucket
      if (device === asked.device && sensor === asked.sensor && !isSeen(bucket))
        changed.set(id, { id, firstTime })
    },
    /** Changed buckets that lie before the end of this page and are not in it: they moved to before its beginning. */
    passed(page: readonly BucketDocument[], isLast: boolean): string[] {
      const last = page.at(-1)
      for (const { id } of page) changed.delete(id)
      const ids = [...changed.values()].filter((one) => isLast || (last && isBefore(one, last)))
      for (const { id } of ids) changed.delete(id)
      return ids.map(({ id }) => id)
    },
    /** The entries before a time, in order: no bucket that comes holds one of them. */
    before(time: number): readonly Entry[] {
      frontier = Math.max(frontier, time)
      waiting.sort(compareKeys)
      let n = 0
      while (n < waiting.length && (waiting[n] as Entry).time < time) n++
      const ready = waiting.slice(0, n)
      waiting = waiting.slice(n)
      return ready
    },
  }
}

type BucketPlace = Pick<BucketDocument, 'id' | 'firstTime'>

function isBefore(a: BucketPlace, b: BucketPlace): boolean {
  const [first, other] = [a.firstTime ?? Number.POSITIVE_INFINITY, b.firstTime ?? Number.POSITIVE_INFINITY]
  return first < other || (first === other && a.id < b.id)
}

/** By number. */
function entriesOf(bucket: BucketDocument, from: number, { to, keys }: Asked): Entry[] {
  const { epoch, times } = bucket
  const firstSeq = bucket.index * limits.entriesPerBucket + 1
  const columns = keys.map((key) => bucket.columns[key])
  const hasFlags = columns.some((column) => column?.flags)
  const marks = new Map(bucket.marks.map(({ seq, ...mark }) => [seq, mark]))
  const held = bucket.events.filter(({ what }) => what === 'quarantined')
  const released = bucket.events.filter(({ what }) => what === 'released')
  const isIn = (seq: number) => (event: { first: number; last: number }) =>
    event.first <= seq && seq <= event.last
  const entries: Entry[] = []
  for (let slot = 0; slot < times.length; slot++) {
    const time = times[slot]
    if (time === null || time === undefined || time < from || time >= to) continue
    const seq = firstSeq + slot
    const hold = held.length > 0 && !released.some(isIn(seq)) ? held.find(isIn(seq)) : undefined
    entries.push({
      time,
      epoch,
      seq,
      values: columns.map((column) => column?.values[slot] ?? null),
      flags: hasFlags ? columns.map((column) => column?.flags?.[slot] ?? 0) : null,
      mark: marks.get(seq) ?? null,
      quarantined: hold ? (hold.reason ?? 'quarantined') : null,
    })
  }
  return entries
}
