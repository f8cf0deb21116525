import { decodeBatch, isCoded, partitionOf } from '@barograph/proto'
import type { LogReader } from './log-reader.ts'
import { mergeRanges, type Ranges } from './number-ranges.ts'
import type { Checkpoint } from './schema.ts'

/** Ranges of one epoch that are gathered before touching ones are put together. */
const looseRanges = 512

/** Numbers that stand in the log before the checkpoint, by device/sensor/epoch. */
export interface Logged {
  of(epochId: string): Ranges
  /** Epochs that nobody has asked for. */
  rest(): (readonly [epochId: string, numbers: Ranges])[]
}

/**
 * The numbers that the log brings before the checkpoints, by device/sensor/epoch: the store must know of each. So a
 * checkpoint that is ahead of what was folded does not pass, as long as the log keeps the records.
 */
export function readLogged(log: LogReader, checkpoints: ReadonlyMap<number, Checkpoint>): Logged {
  const numbers = new Map<string, [number, number][]>()
  for (const [partition, { position }] of checkpoints)
    for (const { kind, device, value } of log.records(partition, 0, position.n)) {
      if (kind !== 'batch' || partitionOf(device, log.partitions) !== partition) continue
      const batch = readable(value)
      for (const run of batch?.runs ?? []) add(device, run, run.firstSeq, run.firstSeq + run.times.length - 1)
      for (const summary of batch?.summaries ?? []) add(device, summary, summary.firstSeq, summary.lastSeq)
    }

  function add(
    device: string,
    { sensor, epoch }: { sensor: string; epoch: string },
    a: number,
    b: number,
  ): void {
    const id = `${device}/${sensor}/${epoch}`
    const known = numbers.get(id) ?? []
    known.push([a, b])
    numbers.set(
      id,
      known.length > looseRanges ? mergeRanges(known).map(([first, last]) => [first, last]) : known,
    )
  }
  const asked = new Set<string>()
  return {
    of(epochId) {
      asked.add(epochId)
      return mergeRanges(numbers.get(epochId) ?? [])
    },
    rest: () =>
      [...numbers].filter(([id]) => !asked.has(id)).map(([id, ranges]) => [id, mergeRanges(ranges)] as const),
  }
}

/** A record that cannot be decoded is skipped by every reader of the log. */
function readable(value: Uint8Array): ReturnType<typeof decodeBatch> | null {
  try {
    return decodeBatch(value)
  } catch (error) {
    if (!isCoded(error)) throw error
    return null
  }
}
