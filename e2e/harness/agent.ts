import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addRange, emptySet, type RangeSet } from '@barograph/proto'
import Database from 'better-sqlite3'
import { agentProgram, type Ended, run, type Running, start } from './process.ts'

/** A real agent on a configuration and a buffer of its own. */
export interface Agent {
  readonly bufferPath: string
  process(): Running
  start(): void
  kill(): Promise<void>
  stop(): Promise<Ended>
  run(...args: string[]): Promise<Ended>
  /** Rows in the buffer file, read beside the agent. */
  rows(): number
  /** Every stream of the buffer file, read beside the agent. */
  streams(): BufferedNumbers[]
}

/** One stream of a buffer: the last number accepted, and the numbers that are still there. */
export interface BufferedNumbers {
  readonly sensor: string
  readonly epoch: string
  readonly lastSeq: number
  readonly rows: RangeSet
}

/** `yaml` is the whole configuration but for buffer and uplink. */
export function createAgent({
  folder,
  name,
  yaml,
  broker,
  env: more = {},
}: {
  folder: string
  name: string
  yaml: string
  broker: string
  env?: Readonly<Record<string, string>>
}): Agent {
  const config = join(folder, `${name}.yaml`)
  const bufferPath = join(folder, `${name}.db`)
  writeFileSync(config, yaml)
  const env = { BAROGRAPH_UPLINK_URL: broker, BAROGRAPH_BUFFER_PATH: bufferPath, ...more }
  let running: Running | null = null

  function current(): Running {
    if (!running) throw new Error('the agent was never started')
    return running
  }

  function look<T>(read: (db: Database.Database) => T): T {
    const db = new Database(bufferPath, { readonly: true })
    try {
      return db.transaction(() => read(db))()
    } finally {
      db.close()
    }
  }

  return {
    bufferPath,
    process: current,
    start() {
      running = start([agentProgram, 'run', '--config', config], env)
    },
    async kill() {
      current().send('SIGKILL')
      await current().ended
    },
    stop: () => current().stop(),
    run: (...args) => run([agentProgram, ...args, '--config', config], env),
    rows: () => look((db) => db.prepare<[], number>('SELECT count(*) FROM entries').pluck().get() ?? 0),
    streams: () => look(readStreams),
  }
}

function readStreams(db: Database.Database): BufferedNumbers[] {
  const numbers = db
    .prepare<[number], number>('SELECT seq FROM entries WHERE stream = ? ORDER BY seq')
    .pluck()
  return db
    .prepare<[], { id: number; sensor: string; epoch: string; lastSeq: number }>(
      'SELECT id, sensor, epoch, last_seq AS lastSeq FROM streams ORDER BY id',
    )
    .all()
    .map(({ id, ...stream }) => ({
      ...stream,
      rows: numbers.all(id).reduce<RangeSet>((set, seq) => addRange(set, seq, seq), emptySet),
    }))
}
