import { CodedError } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import type { SensorPosition } from '../core/sensor.ts'
import { checksum } from './checksum.ts'

/** A sensor's position, and after which of its numbers it holds: those of later streams are greater. */
export interface HeldPosition {
  readonly position: SensorPosition
  /** There was one, and nobody knows it any more. */
  readonly isLost: boolean
  readonly stream: number
  readonly seq: number
}

/** A row of one of the two tables, unchecked. */
export interface PositionRow {
  readonly sensor: string
  readonly stream: number
  readonly seq: number
  /** JSON; empty: lost. */
  readonly position: string
  /** Null: written by version 1. */
  readonly crc: number | null
}

/** Positions stand on two pages of the file: without them a sensor would hand out again what it handed out before. */
export function openPositionTable(
  db: Sqlite.Database,
  writing: (sql: string) => { run(...values: readonly unknown[]): Sqlite.RunResult },
) {
  const set = writing('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?)')
  const setCopy = writing('INSERT OR REPLACE INTO positions_copy VALUES (?, ?, ?, ?, ?)')

  return {
    setPosition(sensor: string, held: HeldPosition): void {
      const { stream, seq } = held
      const position = held.isLost ? '' : JSON.stringify(held.position)
      const crc = positionChecksum({ sensor, stream, seq, position })
      set.run(sensor, stream, seq, position, crc)
      setCopy.run(sensor, stream, seq, position, crc)
    },
    /** Throws `buffer-corrupt` unless both tables hold what was written. */
    positions(): Map<string, HeldPosition> {
      const rows = db.prepare<[], PositionRow>('SELECT * FROM positions').all()
      const copies = db.prepare<[], PositionRow>('SELECT * FROM positions_copy').all()
      if (!rows.every(isPositionRight) || JSON.stringify(rows) !== JSON.stringify(copies))
        throw new CodedError('buffer-corrupt', 'the positions of the sensors are not what was written')
      return new Map(rows.map((row) => [row.sensor, readHeld(row)]))
    },
  }
}

/** What a row says. Throws a SyntaxError where it is none of ours. */
export const readHeld = ({ position, stream, seq }: PositionRow): HeldPosition =>
  position === ''
    ? { position: null, isLost: true, stream, seq }
    : { position: JSON.parse(position) as SensorPosition, isLost: false, stream, seq }

/** True when a sensor accepted something between the two. */
export const isBefore = (a: Pick<HeldPosition, 'stream' | 'seq'>, b: typeof a): boolean =>
  a.stream < b.stream || (a.stream === b.stream && a.seq < b.seq)

/** True when the row is what was written. */
export const isPositionRight = (row: PositionRow): boolean =>
  row.crc === null || row.crc === positionChecksum(row)

const positionChecksum = ({ sensor, stream, seq, position }: Omit<PositionRow, 'crc'>): number =>
  checksum([stream, seq], Buffer.from(`${sensor} ${position}`))
