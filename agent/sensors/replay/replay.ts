import { basename } from 'node:path'
import type { Observation, Sample, SensorPosition } from '../../core/sensor.ts'
import { makeFault, nothing, type Fault } from '../fault.ts'
import type { ReplayConfig } from './config.ts'
import { fileFault, fileRetryMs, readHeader } from './header.ts'
import { lineBytes, openLineReader, type LineReader } from './line-reader.ts'
import {
  afterTime,
  isSamePlace,
  nextPass,
  readPosition,
  type ReplayPosition,
  type Trouble,
} from './position.ts'
import { parseRecords, readRow, type RowPlan } from './row.ts'

/** Rows read ahead, and the most observations of one sample. */
const rowsAhead = 500

interface ReadyRow {
  /** As handed out; null: a row without usable time, or left out by `where`. */
  readonly timeMs: number | null
  readonly observation: Observation | null
  readonly problems: readonly string[]
  readonly line: number
  /** Where the replay stands when this row is done; its digest is made when it is handed out. */
  readonly after: ReplayPosition
}

interface Cursor {
  readonly reader: LineReader
  readonly plan: RowPlan
  /** After the last row read ahead. */
  head: ReplayPosition
  /** As last handed out: what the next call must bring back. */
  base: ReplayPosition
  readonly ready: ReadyRow[]
  /** What was wrong with rows already passed and is still to be told. */
  trouble: Trouble | null
  isAtEnd: boolean
}

/** A file on its way through: rows read ahead, and where the last sample handed out ended. */
export interface Replay {
  /** Makes sure that rows are at hand after the committed position; a sample when that fails. */
  load(position: SensorPosition, signal: AbortSignal): Promise<Sample | null>
  /** Event time that the next sample waits for; null when it need not wait. */
  dueTimeMs(): number | null
  /**
   * The rows that are due, and then, in a sample of its own, what was wrong with some of them. Null: the rows passed
   * gave nothing, there are more.
   */
  take(isDue: (timeMs: number) => boolean): Sample | null
  close(): Promise<void>
}

/** A replay of `path` as configured. */
export function createReplay({ config, path }: { config: ReplayConfig; path: string }): Replay {
  const name = basename(path)
  let cursor: Cursor | null = null

  async function close(): Promise<void> {
    const open = cursor
    cursor = null
    await open?.reader.close()
  }

  async function open(from: ReplayPosition, signal: AbortSignal): Promise<Fault | Cursor> {
    const header = await readHeader({ path, name, config }, signal)
    if ('kind' in header) return header
    const head = from.bytes > 0 ? from : { ...from, bytes: header.bytes, line: header.line }
    const reader = await openLineReader(path, head, signal)
    if (from.bytes > 0 && reader.digestAt(from.bytes) !== from.digest) {
      await reader.close()
      const detail = `${name} has changed before line ${from.line}, up to which it was replayed: put the old file back, or give the sensor a new id`
      return makeFault('file-changed', detail, fileRetryMs)
    }
    return { reader, plan: header.plan, head, base: from, ready: [], trouble: from.trouble, isAtEnd: false }
  }

  async function load(committed: SensorPosition, signal: AbortSignal): Promise<Sample | null> {
    const position = readPosition(committed)
    // Another place than was last handed out: a restart, or a sample that could not be committed.
    if (cursor && !isSamePlace(cursor.base, position)) await close()
    if (!cursor) {
      const opened = await open(position, signal)
      if ('kind' in opened) return opened
      cursor = opened
    }
    const failed = await fill(cursor)
    if (failed) return failed
    if (!config.loop || !isDone(cursor)) return null
    const next = nextPass(cursor.head, config.intervalMs)
    return next ? beginPass(next, cursor.base, signal) : null
  }

  async function beginPass(
    next: ReplayPosition,
    base: ReplayPosition,
    signal: AbortSignal,
  ): Promise<Sample | null> {
    await close()
    const opened = await open(next, signal)
    if ('kind' in opened) return opened
    cursor = { ...opened, base }
    return fill(cursor)
  }

  async function fill(current: Cursor): Promise<Fault | null> {
    if (current.ready.length > 0 || current.isAtEnd) return null
    const isWhole = (text: string): boolean => {
      const fields = parseRecords([text], config.delimiter)[0] ?? null
      return readRow(current.plan, fields, current.head.previousMs).problems.length === 0
    }
    const records = await current.reader.next(rowsAhead, isWhole)
    if (records === null) {
      const detail = `${name}, line ${current.head.line + 1}: longer than ${lineBytes} bytes, so this is no CSV file`
      return makeFault('bad-file', detail, fileRetryMs)
    }
    if (records.length === 0) current.isAtEnd = true
    const closed = records.filter((record) => record.closed)
    const texts = closed.map((record) => record.text)
    const parsed = parseRecords(texts, config.delimiter)
    const fieldsOf = new Map(closed.map((record, i) => [record, parsed[i] ?? null]))
    for (const record of records) {
      const { timeMs, values, problems } = readRow(
        current.plan,
        fieldsOf.get(record) ?? null,
        current.head.previousMs,
      )
      const place = { ...current.head, bytes: record.endByte, line: record.endLine }
      current.head = timeMs === null ? place : afterTime(place, timeMs)
      const time = timeMs === null ? null : timeMs + current.head.shiftMs
      const observation = time === null || values.length === 0 ? null : { time, values }
      current.ready.push({ timeMs: time, observation, problems, line: record.line, after: current.head })
    }
    return null
  }

  function take(isDue: (timeMs: number) => boolean): Sample | null {
    if (!cursor) return nothing
    if (cursor.trouble) return tell(cursor)
    const { ready } = cursor
    const observations: Observation[] = []
    let last: ReadyRow | null = null
    let passed = 0
    for (const row of ready) {
      if (row.timeMs !== null && !isDue(row.timeMs)) break
      // What is wrong with some rows is told before the next good one.
      if (cursor.trouble && row.problems.length === 0 && row.observation) break
      if (row.observation) observations.push(row.observation)
      if (row.problems[0] !== undefined) note(cursor, row)
      last = row
      passed += 1
    }
    ready.splice(0, passed)
    if (observations.length > 0 && last) {
      cursor.base = {
        ...last.after,
        digest: cursor.reader.digestAt(last.after.bytes),
        trouble: cursor.trouble,
      }
      return { kind: 'observations', observations, position: { ...cursor.base } }
    }
    if (cursor.trouble) return tell(cursor)
    if (isDone(cursor)) return { kind: 'end' }
    return passed > 0 ? null : nothing
  }

  function note(current: Cursor, { line, problems }: ReadyRow): void {
    const { first, count } = current.trouble ?? { first: `line ${line}, ${problems[0] ?? ''}`, count: 0 }
    current.trouble = { first, count: count + problems.length }
  }

  function tell(current: Cursor): Fault {
    const { first = '', count = 0 } = current.trouble ?? {}
    current.trouble = null
    return makeFault('bad-row', `${name}, ${first}${count > 1 ? `; and ${count - 1} more here` : ''}`, 0)
  }

  return {
    async load(position, signal) {
      try {
        return await load(position, signal)
      } catch (error) {
        if (signal.aborted) return nothing
        await close()
        return fileFault(path, error)
      }
    },
    dueTimeMs: () => (cursor && !cursor.trouble ? (cursor.ready[0]?.timeMs ?? null) : null),
    take,
    close,
  }
}

const isDone = (cursor: Cursor): boolean => cursor.isAtEnd && cursor.ready.length === 0 && !cursor.trouble
