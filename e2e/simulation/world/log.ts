import { CodedError, partitionOf } from '@barograph/proto'
import type { Log, LogRecord, NewRecord } from '../../../collector/core/log.ts'
import type { Process } from '../engine/process.ts'
import type { World } from '../engine/world.ts'
import type { Weather } from './weather.ts'

/** The log as it is on its disks. Each process sees it through a client of its own. */
export interface SimulatedLog {
  readonly partitions: number
  /** What is durable, by partition. */
  readonly records: readonly (readonly LogRecord[])[]
  readonly id: () => string
  /** Every record that ever was durable, those that the log lost since too. */
  readonly history: readonly LogRecord[]
  /** Every record that was acknowledged or is durable, those among them that the log never held. */
  readonly taken: readonly LogRecord[]
  /** How often the log was cut or made anew. */
  damages(): number
  cut(partition: number, records: number): boolean
  recreate(): void
  clientOf(process: Process): Log
  /** Up to where a process has read; 0: nothing yet. */
  readBy(process: Process): number
}

/**
 * A log in which everything may go wrong that its port allows for: an append that takes long, that the power tears (the
 * first of its records are there, the others not), whose acknowledgement never comes; and one thing that it does not
 * allow for and that happened to us: an acknowledged record that is not there.
 */
export function createSimulatedLog(world: World, weather: () => Weather, partitions: number): SimulatedLog {
  const { random } = world
  let id = random.hex(16)
  let damages = 0
  const history: LogRecord[] = []
  const taken: LogRecord[] = []
  const records: LogRecord[][] = Array.from({ length: partitions }, () => [])
  const firsts = new Array<number>(partitions).fill(0)
  const followers = new Set<() => void>()
  const reads = new WeakMap<Process, number>()
  const of = (partition: number): LogRecord[] => records[partition] ?? []

  function put(record: NewRecord): { partition: number; offset: number } {
    const partition = record.partition ?? partitionOf(record.device, partitions)
    const offset = of(partition).length
    const durable = { ...record, partition, offset }
    taken.push(durable)
    const isSaid = record.kind === 'batch' || record.kind === 'status'
    if (isSaid && random.chance(weather().recordLost)) {
      world.fault('message-lost', `${record.kind} of ${record.device}`)
      return { partition, offset }
    }
    of(partition).push(durable)
    history.push(durable)
    world.note(`log ${partition}/${offset} ${record.kind} ${record.device} ${record.value.length}`)
    for (const wake of followers) wake()
    followers.clear()
    return { partition, offset }
  }

  function clientOf(process: Process): Log {
    /** It dies here, and never knows what became of it. */
    async function mayDie(): Promise<void> {
      if (!random.chance(weather().bridgeCrash)) return
      world.fault('collector-killed-at-write', process.name)
      process.kill()
      await new Promise(() => {})
    }

    const read: Log['read'] = async (partition, from, limit) => {
      if (random.chance(weather().readError)) {
        world.fault('read-error', process.name)
        throw new CodedError('log-unavailable', 'the disk of the log cannot be read', { retryable: true })
      }
      const start = Math.max(from, firsts[partition] ?? 0)
      return of(partition).slice(start, start + limit)
    }

    return {
      get id() {
        return id
      },
      partitions,
      partitionOf: (device) => partitionOf(device, partitions),
      async append(fresh) {
        const { appendMs, logFull, tornAppend } = weather()
        await process.pause(random.between(0, appendMs))
        if (random.chance(logFull)) {
          world.fault('log-disk-full', process.name)
          throw new CodedError('log-full', 'there is no room on the disk of the log', { retryable: true })
        }
        await mayDie()
        if (fresh.length > 1 && random.chance(tornAppend)) {
          for (const record of fresh.slice(0, random.whole(1, fresh.length - 1))) put(record)
          world.fault('write-torn', process.name)
          process.kill()
          await new Promise(() => {})
        }
        const places = fresh.map(put)
        await mayDie()
        if (random.chance(0.3)) await process.pause(random.between(0, appendMs))
        return places
      },
      extent: async (partition) => ({ first: firsts[partition] ?? 0, next: of(partition).length }),
      read,
      async *follow(partition, from, { signal, idleMs, limit }) {
        let at = from
        while (!signal.aborted) {
          // A fetch brings as many as came by then.
          const found = await read(partition, at, random.whole(1, limit))
          at = (found[found.length - 1]?.offset ?? at - 1) + 1
          reads.set(process, at)
          yield found
          if (found.length > 0) continue
          await new Promise<void>((resolve) => {
            const wake = (): void => {
              process.later(random.between(0, 5), end)
            }
            const cancel = process.later(idleMs, end)
            function end(): void {
              cancel()
              followers.delete(wake)
              signal.removeEventListener('abort', end)
              resolve()
            }
            followers.add(wake)
            signal.addEventListener('abort', end)
          })
        }
      },
      hashBefore: async (partition, position) => {
        const record = of(partition)[position - 1]
        return record && position - 1 >= (firsts[partition] ?? 0) ? hashOf(record) : null
      },
      async prune(ingestedBeforeMs) {
        let dropped = 0
        records.forEach((list, partition) => {
          let first = firsts[partition] ?? 0
          for (; first < list.length && (list[first] as LogRecord).ingestMs < ingestedBeforeMs; first++)
            dropped++
          firsts[partition] = first
        })
        return dropped
      },
      close: async () => {},
    }
  }

  return {
    partitions,
    records,
    id: () => id,
    history,
    taken,
    damages: () => damages,
    readBy: (process) => reads.get(process) ?? 0,
    cut(partition, count) {
      const list = of(partition)
      const kept = Math.max(firsts[partition] ?? 0, list.length - count)
      if (kept === list.length) return false
      damages++
      list.splice(kept)
      return true
    },
    recreate() {
      damages++
      id = random.hex(16)
      for (const list of records) list.splice(0)
      firsts.fill(0)
    },
    clientOf,
  }
}

function hashOf({ offset, kind, ingestMs, value }: LogRecord): string {
  let hash = offset ^ (ingestMs | 0)
  for (const byte of value) hash = (Math.imul(hash, 31) + byte) | 0
  return `${kind} ${hash}`
}
