import { CodedError } from '@barograph/proto'

/** Bounds of the queue before a commit, and of one commit. */
export interface GroupLimits {
  /** An append that would make more wait than this is refused with `log-overloaded`, unless nothing waits. */
  readonly waitingRecords: number
  readonly waitingBytes: number
  /** A commit takes whole appends up to this many records; what is beyond goes into the next. */
  readonly groupRecords: number
  readonly groupBytes: number
}

/** The log's own limits: about a second of work for a slow disk. */
export const groupLimits: GroupLimits = {
  waitingRecords: 65_536,
  waitingBytes: 128 * 1024 * 1024,
  groupRecords: 8_192,
  groupBytes: 16 * 1024 * 1024,
}

/** Appends that arrived together become durable together: one commit for all of them, in the order of arrival. */
export interface GroupCommit<Item, Place> {
  add(items: readonly Item[]): Promise<readonly Place[]>
  /** Commits what waits. */
  drain(): Promise<void>
}

interface Waiting<Item, Place> {
  readonly items: readonly Item[]
  readonly bytes: number
  readonly resolve: (places: readonly Place[]) => void
  readonly reject: (reason: unknown) => void
}

export interface GroupCommitOptions<Item, Place> {
  /** Makes all items durable, or throws and keeps none; a place for each. */
  readonly commit: (items: readonly Item[]) => readonly Place[]
  readonly bytesOf: (item: Item) => number
  readonly limits: GroupLimits
}

/** Collects appends of one turn of the event loop, and of the turns that pass while a commit runs, into one commit. */
export function createGroupCommit<Item, Place>(
  options: GroupCommitOptions<Item, Place>,
): GroupCommit<Item, Place> {
  const { commit, bytesOf, limits } = options
  let queue: Waiting<Item, Place>[] = []
  let records = 0
  let bytes = 0
  let scheduled: NodeJS.Immediate | null = null

  const takeGroup = () => {
    let count = 0
    let groupRecords = 0
    let groupBytes = 0
    for (const waiting of queue) {
      groupRecords += waiting.items.length
      groupBytes += waiting.bytes
      if (count > 0 && (groupRecords > limits.groupRecords || groupBytes > limits.groupBytes)) break
      records -= waiting.items.length
      bytes -= waiting.bytes
      count++
    }
    const group = queue.slice(0, count)
    queue = queue.slice(count)
    return group
  }
  const commitGroup = () => {
    const group = takeGroup()
    try {
      const places = commit(group.flatMap((waiting) => waiting.items))
      let from = 0
      for (const { items, resolve } of group) resolve(places.slice(from, (from += items.length)))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
  const schedule = () => {
    scheduled ??= setImmediate(() => {
      scheduled = null
      commitGroup()
      if (queue.length > 0) schedule()
    })
  }

  return {
    add: (items) =>
      new Promise((resolve, reject) => {
        if (items.length === 0) return resolve([])
        const size = items.reduce((sum, item) => sum + bytesOf(item), 0)
        const isTooMuch = records + items.length > limits.waitingRecords || bytes + size > limits.waitingBytes
        if (isTooMuch && queue.length > 0) {
          const message = `${records} records (${bytes} bytes) already wait for the log's disk.`
          return reject(
            new CodedError('log-overloaded', message, {
              retryable: true,
              hint: 'The disk is slower than what arrives; send again later, or use a faster one.',
            }),
          )
        }
        queue.push({ items, bytes: size, resolve, reject })
        records += items.length
        bytes += size
        schedule()
      }),
    drain: async () => {
      if (scheduled) clearImmediate(scheduled)
      scheduled = null
      while (queue.length > 0) commitGroup()
    },
  }
}
