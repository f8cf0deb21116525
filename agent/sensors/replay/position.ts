import type { SensorPosition } from '../../core/sensor.ts'

/** How far a replay has come: bytes and lines of the file done, and what those bytes were. */
export interface ReplayPosition {
  readonly bytes: number
  readonly line: number
  readonly digest: string
  /** Event time of the last row, before its shift: decides an hour that clocks show twice. */
  readonly previousMs: number | null
  /** Earliest and latest event time of this pass, before their shift. */
  readonly firstMs: number | null
  readonly lastMs: number | null
  /** Passes done, and by how much their times are moved. */
  readonly pass: number
  readonly shiftMs: number
  /** What was wrong with rows before this place and may not have been told yet: better told twice than never. */
  readonly trouble: Trouble | null
}

/** The first thing wrong with rows in a row, and how many things there are. */
export type Trouble = { readonly first: string; readonly count: number }

/** Before the first row. */
const startPosition: ReplayPosition = {
  bytes: 0,
  line: 0,
  digest: '',
  previousMs: null,
  firstMs: null,
  lastMs: null,
  pass: 0,
  shiftMs: 0,
  trouble: null,
}

/** A position as it was committed; the start where there is none. */
export function readPosition(position: SensorPosition): ReplayPosition {
  if (typeof position !== 'object' || position === null || Array.isArray(position)) return startPosition
  const fields = new Map<string, SensorPosition>(Object.entries(position))
  const count = (name: string): number => numberOf(fields.get(name)) ?? 0
  const digest = fields.get('digest')
  return {
    bytes: count('bytes'),
    line: count('line'),
    digest: typeof digest === 'string' ? digest : '',
    previousMs: numberOf(fields.get('previousMs')),
    firstMs: numberOf(fields.get('firstMs')),
    lastMs: numberOf(fields.get('lastMs')),
    pass: count('pass'),
    shiftMs: count('shiftMs'),
    trouble: readTrouble(fields.get('trouble')),
  }
}

function readTrouble(field: SensorPosition | undefined): Trouble | null {
  if (typeof field !== 'object' || field === null || !('first' in field) || !('count' in field)) return null
  const { first, count } = field
  return typeof first === 'string' && typeof count === 'number' ? { first, count } : null
}

const numberOf = (field: SensorPosition | undefined): number | null =>
  typeof field === 'number' ? field : null

/** True when both are the same place in the same pass. */
export function isSamePlace(a: ReplayPosition, b: ReplayPosition): boolean {
  return a.pass === b.pass && a.bytes === b.bytes
}

/** The position after a row of this event time (before its shift). */
export function afterTime(position: ReplayPosition, timeMs: number): ReplayPosition {
  return {
    ...position,
    previousMs: timeMs,
    firstMs: position.firstMs === null ? timeMs : Math.min(position.firstMs, timeMs),
    lastMs: position.lastMs === null ? timeMs : Math.max(position.lastMs, timeMs),
  }
}

const dayMs = 86_400_000

/** The start of the next pass, moved by whole days beyond all of this one; null when this one had no rows. */
export function nextPass(position: ReplayPosition, intervalMs: number): ReplayPosition | null {
  const { firstMs, lastMs, pass, shiftMs } = position
  if (firstMs === null || lastMs === null) return null
  const days = Math.ceil((lastMs - firstMs + Math.max(1, intervalMs)) / dayMs)
  return { ...startPosition, pass: pass + 1, shiftMs: shiftMs + days * dayMs }
}
