import { partitionOf } from '@barograph/proto'
import type { Log, LogRecord, NewRecord } from '../log.ts'

/** A log in memory, for tests of what reads it. Passes the log's contract but for what a crash proves. */
export function createMemoryLog({
  id = 'memory',
  partitions = 1,
}: {
  id?: string
  partitions?: number
} = {}): Log & {
  /** Forgets the newest records, as a restored disk would. */
  cut(partition: number, next: number): void
} {
  const records: LogRecord[][] = Array.from({ length: partitions }, () => [])
  const firsts = new Array<number>(partitions).fill(0)
  let wake: (() => void)[] = []
  const of = (partition: number): LogRecord[] => records[partition] ?? []

  const read: Log['read'] = async (partition, from, limit) =>
    of(partition).slice(
      Math.max(from, firsts[partition] ?? 0),
      Math.max(from, firsts[partition] ?? 0) + limit,
    )

  return {
    id,
    partitions,
    partitionOf: (device) => partitionOf(device, partitions),
    async append(fresh: readonly NewRecord[]) {
      const places = fresh.map((record) => {
        const partition = record.partition ?? partitionOf(record.device, partitions)
        const offset = of(partition).length
        of(partition).push({ ...record, partition, offset })
        return { partition, offset }
      })
      for (const listener of wake) listener()
      wake = []
      return places
    },
    extent: async (partition) => ({ first: firsts[partition] ?? 0, next: of(partition).length }),
    read,
    async *follow(partition, from, { signal, idleMs, limit }) {
      let at = from
      while (!signal.aborted) {
        const found = await read(partition, at, limit)
        at = (found[found.length - 1]?.offset ?? at - 1) + 1
        yield found
        if (found.length > 0) continue
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, idleMs)
          const stop = (): void => {
            clearTimeout(timer)
            resolve()
          }
          wake.push(stop)
          signal.addEventListener('abort', stop, { once: true })
        })
      }
    },
    hashBefore: async (partition, position) => {
      const record = of(partition)[position - 1]
      return record ? `${record.offset} ${record.kind} ${Buffer.from(record.value).toString('base64')}` : null
    },
    async prune(ingestedBeforeMs) {
      let dropped = 0
      records.forEach((list, partition) => {
        let first = firsts[partition] ?? 0
        while (first < list.length && (list[first] as LogRecord).ingestMs < ingestedBeforeMs) {
          first++
          dropped++
        }
        firsts[partition] = first
      })
      return dropped
    },
    close: async () => {},
    cut: (partition, next) => void of(partition).splice(next),
  }
}
