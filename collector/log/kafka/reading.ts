import type { Extent, Log, LogRecord } from '../../core/log.ts'
import { hashOf } from '../record-hash.ts'
import type { KafkaClient } from './client.ts'
import { createLane, type Lane, type TopicPartition } from './lane.ts'
import { recordOf } from './message.ts'
import { kafkaTimes } from './place.ts'

/** One read gives at most about this many bytes of values, and always one record. */
const bytesPerRead = 16 * 1024 * 1024
const bytesPerFetch = 1024 * 1024
/** Few records are asked for: what is beyond them came for nothing. */
const bytesOfFew = 64 * 1024
const few = 16

export interface ReadingOptions {
  readonly client: KafkaClient
  /** Where a partition of the log is. */
  readonly placeOf: (partition: number) => TopicPartition
  readonly isOwn: (device: string, partition: number) => boolean
  /** Throws when the topic is another one by now. */
  readonly verifyTopic: (lane: Lane, topic: string) => Promise<void>
  readonly closing: AbortSignal
}

type Reading = Pick<Log, 'extent' | 'read' | 'follow' | 'hashBefore'> & { readonly lane: Lane }

/** Reads partitions at the offsets that are asked for. Nothing is remembered here of who is how far. */
export function createReading({ client, placeOf, isOwn, verifyTopic, closing }: ReadingOptions): Reading {
  const lane = createLane(client)
  /** The newest record that was handed over of each partition, and when it was seen in the log. */
  const seen = new Map<number, { readonly record: LogRecord; readonly atMs: number }>()

  /** Records from `from` on, or from the oldest kept; empty at the end. */
  async function fetchFrom(
    lane: Lane,
    partition: number,
    from: number,
    options: { waitMs: number; bytes: number },
  ): Promise<LogRecord[]> {
    const place = placeOf(partition)
    let start = Math.max(0, from)
    let messages = await lane.fetch(place, start, options)
    if (messages === null) {
      // Before the first or beyond the end: Kafka says the same of both.
      const { first } = await lane.extent(place)
      if (start >= first) return []
      start = first
      messages = (await lane.fetch(place, start, options)) ?? []
    }
    return messages
      .filter(({ offset }) => Number(offset) >= start)
      .map((message) => recordOf(message, partition, (device) => isOwn(device, partition)))
  }

  async function read(partition: number, from: number, limit: number): Promise<LogRecord[]> {
    const records: LogRecord[] = []
    let bytes = 0
    for (let at = from; records.length < limit && bytes < bytesPerRead; ) {
      const left = limit - records.length
      const fetched = await fetchFrom(lane, partition, at, {
        waitMs: 0,
        bytes: left <= few ? bytesOfFew : bytesPerFetch,
      })
      const last = fetched.at(-1)
      if (!last) break
      at = last.offset + 1
      for (const record of fetched.slice(0, left)) {
        records.push(record)
        bytes += record.value.byteLength
      }
    }
    return records
  }

  return {
    lane,
    read,
    async extent(partition): Promise<Extent> {
      const place = placeOf(partition)
      await verifyTopic(lane, place.topic)
      return lane.extent(place)
    },
    async hashBefore(partition, position) {
      if (position <= 0) return null
      const known = seen.get(partition)
      if (known?.record.offset === position - 1 && performance.now() - known.atMs < kafkaTimes.seenMs)
        return hashOf(known.record)
      const [record] = await fetchFrom(lane, partition, position - 1, { waitMs: 0, bytes: 1 })
      return record?.offset === position - 1 ? hashOf(record) : null
    },
    async *follow(partition, from, { signal, idleMs, limit }) {
      const ended = AbortSignal.any([signal, closing])
      const own = createLane(client)
      let position = from
      let fetched: LogRecord[] = []
      let fetchedAtMs = 0
      let idleAtMs = performance.now() + idleMs
      try {
        while (!ended.aborted) {
          if (fetched.length > 0) {
            const records = fetched.slice(0, limit)
            fetched = fetched.slice(limit)
            const last = records.at(-1)
            if (last) {
              position = last.offset + 1
              seen.set(partition, { record: last, atMs: fetchedAtMs })
            }
            yield records
            idleAtMs = performance.now() + idleMs
            continue
          }
          const leftMs = idleAtMs - performance.now()
          if (leftMs <= 0) {
            yield []
            idleAtMs = performance.now() + idleMs
            continue
          }
          const waitMs = Math.min(leftMs, kafkaTimes.longestWaitMs)
          const answer = fetchFrom(own, partition, position, { waitMs, bytes: bytesPerFetch })
          fetched = await untilAborted(answer, ended, [])
          fetchedAtMs = performance.now()
        }
      } finally {
        // Not waited for: one that is just connecting to a Kafka that hangs takes its time.
        void own.close()
      }
    },
  }
}

/** The answer, or `instead` as soon as it is not wanted any more. */
async function untilAborted<T>(answer: Promise<T>, signal: AbortSignal, instead: T): Promise<T> {
  const aborted = Promise.withResolvers<T>()
  const abort = (): void => aborted.resolve(instead)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    return await Promise.race([answer, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
    // Its lane is about to close: that it fails then is no news.
    answer.catch(() => {})
  }
}
