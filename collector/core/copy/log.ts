import { CodedError } from '@barograph/proto'
import type { LogRecord, NewRecord, RecordKind } from '../log.ts'
import { copyLetters } from './letters.ts'
import type { LogProgress, LogSource, LogTarget } from './log-ports.ts'
import { createSequences, type Sequences } from './sequences.ts'

export interface LogCopyOptions {
  readonly source: LogSource
  readonly target: LogTarget
  /** 128 bits of what a record is, as hex. */
  readonly hash: (text: string, bytes: Uint8Array) => string
  readonly signal: AbortSignal
  readonly progress: (progress: LogCopyProgress) => void
  /** Records copied in one step, for tests that want few; else as many as `stepRecords` says. */
  readonly step?: number
}

export interface LogCopyProgress {
  readonly step: 'copying' | 'comparing'
  readonly records: number
  readonly ofRecords: number
}

export interface LogCopyOutcome {
  readonly state: 'copied' | 'was-whole'
  /** The identity of the copy. */
  readonly id: string
  readonly partitions: number
  readonly records: number
  /** Records that are in the copy twice, as it was broken off: repeats, which are folded once. */
  readonly repeated: number
  /** Records of the source that are none of ours, or that nobody can read. */
  readonly skipped: number
  readonly letters: number
}

/** Records read, appended and noted at once. */
const stepRecords = 500

/**
 * Copies every record of a log into another one, in its order for each device, and then compares both. It notes how far it
 * is after each step: killed in between, it appends a step again, which is a repeat to whoever folds it.
 */
export async function copyLog(options: LogCopyOptions): Promise<LogCopyOutcome> {
  const { source, target } = options
  const { log } = target
  if (!target.isWhole) await copyRecords(options)
  const compared = await compare(options)
  if (target.isWhole && compared.difference !== null)
    throw new CodedError('copy-target-used', 'There is another log already at the place to copy to.', {
      hint: 'Name a file, or a log.topicPrefix, that nothing is under yet: a copy never replaces what it finds.',
    })
  if (compared.difference !== null)
    throw new CodedError('copy-differs', `The copy is not what was copied: ${compared.difference}.`, {
      hint: 'Remove what was copied and run it again. If it fails again, the place to copy to does not keep what it is given.',
    })
  const letters = await copyLetters(source.letters, target.letters, target.isWhole)
  if (!target.isWhole) await target.complete()
  const { records, repeated, skipped } = compared
  const state = target.isWhole ? 'was-whole' : 'copied'
  return { state, id: log.id, partitions: log.partitions, records, repeated, skipped, letters }
}

async function copyRecords(options: LogCopyOptions): Promise<void> {
  const { source, target, signal, step = stepRecords } = options
  const from = source.log
  const found = await target.progress()
  if (found && found.from !== from.id)
    throw new CodedError(
      'copy-target-used',
      `A copy of another log (${found.from}) was begun at the place to copy to.`,
      {
        hint: 'Run the copy of that one to its end, or name another place.',
      },
    )
  const next = Array.from({ length: from.partitions }, (_, partition) => found?.next[partition] ?? 0)
  if (!found) await target.note({ from: from.id, next })
  const all = await lengthsOf(source)
  const ofRecords = all.reduce((sum, one) => sum + one.next - one.first, 0)
  const doneOf = (): number =>
    all.reduce((sum, { first }, partition) => sum + Math.max(0, (next[partition] ?? 0) - first), 0)
  for (let partition = 0; partition < from.partitions; partition++) {
    const end = all[partition]?.next ?? 0
    for (let at = next[partition] ?? 0; at < end; ) {
      signal.throwIfAborted()
      const records = (await from.read(partition, at, step)).filter(({ offset }) => offset < end)
      const last = records.at(-1)
      if (!last) break
      await target.log.append(
        records.flatMap((record) => placesIn(record, from.partitions, target.log.partitions)),
      )
      next[partition] = at = last.offset + 1
      await target.note({ from: from.id, next } satisfies LogProgress)
      options.progress({ step: 'copying', records: doneOf(), ofRecords })
    }
  }
  const now = await lengthsOf(source)
  if (now.some((one, partition) => one.next > (all[partition]?.next ?? 0)))
    throw new CodedError(
      'copy-source-written',
      'The log is being written to: what came meanwhile is not copied yet.',
      {
        retryable: true,
        hint: 'Stop the collectors that write into it, then run it again: it goes on where it was.',
      },
    )
}

const lengthsOf = async ({ log }: LogSource) =>
  Promise.all(Array.from({ length: log.partitions }, (_, partition) => log.extent(partition)))

const kinds: ReadonlySet<RecordKind> = new Set<RecordKind>([
  'batch',
  'status',
  'refusal',
  'settings',
  'release',
  'expire',
])

/**
 * The record as it is to be appended. Settings are of a partition: each one that gets devices from there gets them.
 * Nothing: it is of no kind that we know, and so nobody folds it.
 */
function placesIn(record: LogRecord, partitions: number, into: number): NewRecord[] {
  const { device, kind, ingestMs, quarantineAfterMs, value, partition } = record
  const plain = { device, kind, ingestMs, quarantineAfterMs, value }
  if (!kinds.has(kind)) return []
  if (kind !== 'settings') return [plain]
  const step = commonDivisor(partitions, into)
  const places = Array.from({ length: into }, (_, i) => i).filter((i) => i % step === partition % step)
  return places.map((place) => ({ ...plain, partition: place }))
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))

interface Compared {
  /** In words; null: both hold the same. */
  readonly difference: string | null
  readonly records: number
  readonly repeated: number
  readonly skipped: number
}

/** Both logs once, from the first record that the source still holds. */
async function compare({ source, target, hash, signal, progress }: LogCopyOptions): Promise<Compared> {
  const [from, to] = [source.log, target.log]
  const lengths = await Promise.all(
    [from, to].map(async (log) => {
      const all = await Promise.all(Array.from({ length: log.partitions }, (_, i) => log.extent(i)))
      return all.reduce((sum, { first, next }) => sum + next - first, 0)
    }),
  )
  const ofRecords = lengths.reduce((a, b) => a + b, 0)
  let looked = 0
  async function* recordsOf(log: typeof from): AsyncGenerator<LogRecord> {
    for (let partition = 0; partition < log.partitions; partition++)
      for (let at = 0; ; ) {
        signal.throwIfAborted()
        const records = await log.read(partition, at, stepRecords)
        yield* records
        const last = records.at(-1)
        if (!last) break
        at = last.offset + 1
        progress({ step: 'comparing', records: (looked += records.length), ofRecords })
      }
  }
  const hashOf = ({ kind, device, ingestMs, quarantineAfterMs, value }: NewRecord): string =>
    hash(`${kind} ${device} ${ingestMs} ${quarantineAfterMs} `, value)
  const chain = (before: string, own: string): string => hash(before + own, new Uint8Array())

  const sequences: Sequences = createSequences(chain, 2 * stepRecords)
  /** They are few, and which partition they came from is not told by the record. */
  const settings = { expected: new Set<string>(), met: new Set<string>() }
  let skipped = 0
  for await (const record of recordsOf(from)) {
    const places = placesIn(record, from.partitions, to.partitions)
    if (places.length === 0) skipped++
    const own = hashOf(record)
    for (const { partition, device } of places)
      if (partition === undefined) sequences.expect(`${record.partition} ${to.partitionOf(device)}`, own)
      else settings.expected.add(`${partition} ${own}`)
  }
  for await (const record of recordsOf(to)) {
    const own = hashOf(record)
    if (record.kind === 'settings') settings.met.add(`${record.partition} ${own}`)
    else sequences.meet(`${from.partitionOf(record.device)} ${record.partition}`, own)
  }
  const missing = [...settings.expected].find((one) => !settings.met.has(one))
  const result = sequences.result()
  return missing === undefined
    ? { ...result, skipped }
    : { ...result, skipped, difference: `partition ${missing.split(' ')[0]} lacks settings` }
}
