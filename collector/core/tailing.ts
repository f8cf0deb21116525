import { CodedError, isCoded } from '@barograph/proto'
import type { Clock } from './clock.ts'
import type { Log, LogRecord } from './log.ts'

/** Where to begin: `latest` is behind all that is there. */
export type TailFrom = 'beginning' | 'latest' | number

/** A stretch of one partition; without an end it has none. */
export interface Stretch {
  readonly partition: number
  readonly start: number
  readonly end: number | null
}

/** What a tail uses of time. */
export type TailClock = Pick<Clock, 'monotonicMs'> & {
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export interface TailOptions {
  readonly log: Log
  readonly stretch: Stretch
  readonly clock: TailClock
  readonly signal: AbortSignal
  /** Takes records in their order; the next ones wait for it. */
  take(records: readonly LogRecord[]): Promise<void>
  /** Something that a reader of the records should know. */
  say(words: string): void
}

const recordsPerRead = 256
const idleMs = 1_000
/** Between two tries of a log that is away. */
const retryMs = 1_000
/** While nothing comes, this often it is looked whether the log is still the one that was opened. */
const verifyMs = 10_000

/** Where to begin in each partition. Throws `bad-usage` when an offset is in none, or not in all of them. */
export async function stretchesOf(
  log: Pick<Log, 'extent'>,
  partitions: readonly number[],
  from: TailFrom,
  isFollowing: boolean,
): Promise<Stretch[]> {
  const extents = await Promise.all(
    partitions.map(async (partition) => ({ partition, ...(await log.extent(partition)) })),
  )
  const startOf = ({ first, next }: { first: number; next: number }): number =>
    from === 'beginning' ? first : from === 'latest' ? next : from
  const outside = extents.filter(({ first, next }) => {
    const start = startOf({ first, next })
    return start < first || start > next
  })
  if (outside.length > 0) {
    const words = outside.map(({ partition, first, next }) =>
      next === first
        ? `partition ${partition} holds no record, the next one is ${next}`
        : `partition ${partition} holds records ${first} to ${next - 1}`,
    )
    throw new CodedError('bad-usage', `--from ${from}: ${words.join('; ')}.`, {
      hint: 'Allowed: one of these, the one that comes next, beginning, or latest. --partitions chooses partitions.',
    })
  }
  return extents.map(({ partition, first, next }) => ({
    partition,
    start: startOf({ first, next }),
    end: isFollowing ? null : next,
  }))
}

/** Reads a stretch through retention and outages of the log: what cannot be read is said, never passed over in silence. */
export async function tail({ log, stretch, clock, signal, take, say }: TailOptions): Promise<void> {
  const { partition, end } = stretch
  let position = stretch.start
  let trouble: string | null = null
  while (!signal.aborted) {
    try {
      for await (const records of readOn(log, { partition, start: position, end }, clock, signal)) {
        if (trouble !== null) say(`partition ${partition}: goes on at record ${position}`)
        trouble = null
        const [first] = records
        const last = records.at(-1)
        if (!first || !last) continue
        if (first.offset > position) say(skippedWords(partition, position, first.offset - 1))
        await take(records)
        position = last.offset + 1
      }
      return
    } catch (error) {
      if (!isCoded(error) || !error.retryable) throw error
      if (trouble !== error.message) say(`partition ${partition}: ${error.message} Trying again.`)
      trouble = error.message
      await clock.sleep(retryMs, signal)
    }
  }
}

const skippedWords = (partition: number, first: number, last: number): string =>
  `partition ${partition}: ${first === last ? `record ${first} is` : `records ${first} to ${last} are`} skipped: retention dropped them before they were read`

/** Records of a stretch: up to its end, or as they come. */
async function* readOn(
  log: Log,
  { partition, start, end }: Stretch,
  clock: TailClock,
  signal: AbortSignal,
): AsyncGenerator<readonly LogRecord[]> {
  if (end === null) {
    let verifiedAtMs = clock.monotonicMs()
    for await (const records of log.follow(partition, start, { signal, idleMs, limit: recordsPerRead })) {
      // Throws when somebody made another log of that name, in which our position means nothing.
      if (records.length === 0 && clock.monotonicMs() - verifiedAtMs >= verifyMs) {
        await log.extent(partition)
        verifiedAtMs = clock.monotonicMs()
      }
      yield records
    }
    return
  }
  for (let at = start; at < end && !signal.aborted; ) {
    const records = await log.read(partition, at, Math.min(recordsPerRead, end - at))
    const last = records.at(-1)
    if (!last) return
    at = last.offset + 1
    yield records.filter(({ offset }) => offset < end)
  }
}
