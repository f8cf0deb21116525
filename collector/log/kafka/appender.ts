import { CodedError } from '@barograph/proto'
import type { NewRecord } from '../../core/log.ts'
import { countInRequest } from './request.ts'

/** Bounds of what waits for one partition. */
export const appendLimits = {
  /** An append that would make more wait is refused with `log-overloaded`, unless nothing waits. */
  waitingBytes: 64 * 1024 * 1024,
} as const

export interface AppenderOptions {
  /** Resolves with the offset of the first when all are durable, the others right behind it. */
  readonly send: (records: readonly NewRecord[]) => Promise<number>
  /** An append that is not durable then is rejected; what of it was sent may be in the log all the same. */
  readonly patienceMs: number
  /** In words, for an append that waited too long. */
  readonly place: string
}

/** Appends to one partition, in order: one request at a time, and what comes meanwhile is the next. */
export interface Appender {
  /** The offset of each record. */
  append(records: readonly NewRecord[]): Promise<readonly number[]>
  /** Resolves when nothing waits. */
  drain(): Promise<void>
}

interface Append {
  readonly offsets: number[]
  readonly left: { records: number }
  readonly resolve: (offsets: readonly number[]) => void
  readonly reject: (error: unknown) => void
  isOver: boolean
}

interface Waiting {
  readonly record: NewRecord
  readonly bytes: number
  readonly append: Append
  readonly index: number
}

export function createAppender({ send, patienceMs, place }: AppenderOptions): Appender {
  let queue: Waiting[] = []
  let bytes = 0
  let running: Promise<void> | null = null

  function takeGroup(): Waiting[] {
    const count = countInRequest(queue, (one) => one.bytes)
    const group = queue.slice(0, count)
    queue = queue.slice(count)
    for (const { bytes: own } of group) bytes -= own
    return group
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const group = takeGroup()
      try {
        const first = await send(group.map(({ record }) => record))
        group.forEach(({ append, index }, i) => {
          append.offsets[index] = first + i
          if (--append.left.records === 0) append.resolve(append.offsets)
        })
      } catch (error) {
        for (const append of new Set(group.map((one) => one.append))) give(append, error)
      }
    }
  }

  /** What of a failed append was not sent yet is not sent any more: its caller sends all of it again. */
  function give(append: Append, error: unknown): void {
    append.reject(error)
    if (append.isOver) return
    append.isOver = true
    for (const one of queue) if (one.append === append) bytes -= one.bytes
    queue = queue.filter((one) => one.append !== append)
  }

  return {
    append: (records) =>
      new Promise((resolve, reject) => {
        if (records.length === 0) return resolve([])
        const size = records.reduce((sum, record) => sum + sizeOf(record), 0)
        if (queue.length > 0 && bytes + size > appendLimits.waitingBytes) {
          const message = `${queue.length} records (${bytes} bytes) already wait for Kafka.`
          const hint = 'Kafka is slower than what arrives; send again later.'
          return reject(new CodedError('log-overloaded', message, { retryable: true, hint }))
        }
        const timer = setTimeout(
          () =>
            give(
              append,
              new CodedError('log-unreachable', `${place} has not answered for ${patienceMs / 1_000} s.`, {
                retryable: true,
                hint: 'Is Kafka running, and are enough replicas in sync?',
              }),
            ),
          patienceMs,
        )
        const append: Append = {
          offsets: [],
          left: { records: records.length },
          resolve: (offsets) => {
            clearTimeout(timer)
            resolve(offsets)
          },
          reject: (error) => {
            clearTimeout(timer)
            reject(error)
          },
          isOver: false,
        }
        bytes += size
        for (const [index, record] of records.entries())
          queue.push({ record, bytes: sizeOf(record), append, index })
        running ??= run().finally(() => (running = null))
      }),
    async drain() {
      while (running) await running
    },
  }
}

const overheadBytes = 128
const sizeOf = ({ device, value }: NewRecord): number => value.byteLength + device.length + overheadBytes
