import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addRange, emptySet, type RangeSet, sizeOf } from '@barograph/proto'
import Database from 'better-sqlite3'
import type { SmallDisk } from '../../collector/testing-disk.ts'
import { agentProgram } from '../harness/process.ts'
import { createShiftedClock, type ShiftedClock } from '../harness/shifted-clock.ts'
import type { Witness } from './judge/judge.ts'
import { createProgram, type Program } from './program.ts'
import { createProxy, type Proxy } from './proxy.ts'

/** A device on trial: an agent with a buffer, perhaps a disk, and a line of its own to the broker. */
export interface Seat {
  readonly device: string
  readonly timeZone: string
  readonly program: Program
  readonly proxy: Proxy
  readonly bufferPath: string
  readonly clock: ShiftedClock
  /** The machine says that its clock is; the others have nobody to ask but the collector. */
  readonly isSynchronised: boolean
  /** Null: the machine forbids, or no fault needs one. */
  readonly disk: SmallDisk | null
  /** What the buffer file holds now, or a copy of it. */
  look(path?: string): Witness[]
  /** Entries that wait in the buffer. */
  backlog(): number
}

export interface SeatOptions {
  readonly device: string
  readonly timeZone: string
  readonly folder: string
  readonly disk: SmallDisk | null
  readonly isSynchronised: boolean
  readonly ledgerUrl: string
  readonly brokerPort: number
  readonly endedByItself: (name: string, words: string) => void
}

/** The third sensor leaves the time to the agent's clock; the others bring the ledger's. */
const sensors = [
  { id: 'fast', intervalMs: 200, isTimed: true },
  { id: 'slow', intervalMs: 500, isTimed: true },
  { id: 'own-clock', intervalMs: 500, isTimed: false },
] as const

export async function createSeat(options: SeatOptions): Promise<Seat> {
  const { device, timeZone, folder, disk, isSynchronised, ledgerUrl, brokerPort } = options
  const proxy = await createProxy(brokerPort)
  const clockFolder = join(folder, `${device}-clock`)
  mkdirSync(clockFolder)
  const clock = createShiftedClock(clockFolder, { synchronised: isSynchronised ? 'yes' : 'unknown' })
  const config = join(folder, `${device}.yaml`)
  const bufferPath = join(disk?.path ?? folder, `${device}.db`)
  writeFileSync(config, yamlOf(device, timeZone, ledgerUrl))

  function look(path = bufferPath): Witness[] {
    if (!existsSync(path)) return []
    const db = new Database(path, { readonly: true })
    try {
      return db.transaction(() => readStreams(db, device))()
    } catch (error) {
      // Killed before its first commit.
      if (error instanceof Database.SqliteError && /no such table/.test(error.message)) return []
      throw error
    } finally {
      db.close()
    }
  }

  return {
    device,
    timeZone,
    proxy,
    bufferPath,
    disk,
    clock,
    isSynchronised,
    program: createProgram({
      name: device,
      args: [agentProgram, 'run', '--config', config],
      env: {
        ...clock.env,
        BAROGRAPH_UPLINK_URL: `mqtt://127.0.0.1:${proxy.port}`,
        BAROGRAPH_BUFFER_PATH: bufferPath,
      },
      isReady: async (running) => running.stderr().includes('running'),
      endedByItself: options.endedByItself,
    }),
    look,
    backlog: () => look().reduce((sum, { rows }) => sum + sizeOf(rows), 0),
  }
}

const yamlOf = (device: string, timeZone: string, ledgerUrl: string): string => `
device: ${device}
site: { name: ${device}, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: ${timeZone} }
sensors:
${sensors
  .map(
    ({ id, intervalMs, isTimed }) => `
  - id: ${id}
    type: http
    url: ${ledgerUrl}/${device}/${id}
    intervalMs: ${intervalMs}
    ${isTimed ? 'time: { pointer: /at, unit: ms }' : ''}
    values:
      temperature: { pointer: /temperature }
      tally: { pointer: /number, unit: '1', kind: level }`,
  )
  .join('')}
`

function readStreams(db: Database.Database, device: string): Witness[] {
  const numbers = db
    .prepare<[number], number>('SELECT seq FROM entries WHERE stream = ? ORDER BY seq')
    .pluck()
  return db
    .prepare<[], { id: number; sensor: string; epoch: string; lastSeq: number }>(
      'SELECT id, sensor, epoch, last_seq AS lastSeq FROM streams ORDER BY id',
    )
    .all()
    .map(({ id, sensor, epoch, lastSeq }) => ({
      stream: `${device}/${sensor}`,
      epoch,
      lastSeq,
      rows: numbers.all(id).reduce<RangeSet>((set, seq) => addRange(set, seq, seq), emptySet),
    }))
}
