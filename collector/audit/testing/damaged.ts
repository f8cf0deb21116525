import { join } from 'node:path'
import { encodeExpire, encodeRelease, type Metric, metricByName } from '@barograph/proto'
import Database from 'better-sqlite3'
import { runAudit } from '../audit.ts'
import type { AuditResult } from '../report.ts'
import { createWorld, lineOf, makeSummary, type World } from './world.ts'

// One device, readings each ten minutes from noon in New York, so that every figure can be told by hand.
export const noon = Date.UTC(2013, 10, 2, 16)
export const stepMs = 600_000
const count = 300
export const stream = 'balcony/bme280'
export const epoch = '00000000000000aa'
export const bucket = `${stream}/${epoch}/0`
export const hour = (index: number): string => `${stream}/hour/${noon + index * 3_600_000}`
export const day = `${stream}/day/${Date.UTC(2013, 10, 2, 4)}`
/** The longer windows that hold the first day. */
export const holding = [
  day,
  `${stream}/week/${Date.UTC(2013, 9, 28, 4)}`,
  `${stream}/month/${Date.UTC(2013, 10, 1, 4)}`,
  `${stream}/year/${Date.UTC(2013, 0, 1, 5)}`,
]

let world: World
let copies = 0

/** A store to damage. */
export interface Copy {
  readonly db: Database.Database
  /** Puts a value into a document's body, at a path as SQLite has them; undefined takes it away. */
  set(collection: string, id: string, path: string, value: unknown): void
}

/** Audits a copy of the store with this damage in it. */
export function auditDamaged(damage: (copy: Copy) => void): AuditResult {
  const path = join(world.folder, `copy-${copies++}.db`)
  const original = new Database(world.storePath)
  original.prepare('VACUUM INTO ?').run(path)
  original.close()
  const db = new Database(path)
  damage({
    db,
    set(collection, id, place, value) {
      const change =
        value === undefined ? 'json_remove(body, @place)' : 'json_set(body, @place, json(@value))'
      const { changes } = db
        .prepare(`UPDATE ${collection} SET body = ${change} WHERE id = @id`)
        .run({ id, place: `$.${place}`, ...(value === undefined ? {} : { value: JSON.stringify(value) }) })
      if (changes !== 1) throw new Error(`no ${collection} ${id}`)
    },
  })
  db.close()
  return runAudit({ storePath: path, logPath: world.logPath, now: () => 0 })
}

/** Puts values into a document; a path may end in [#], behind the last of a list. */
export const put =
  (collection: string, id: string, values: Record<string, unknown>) =>
  ({ set }: Copy): void => {
    for (const [path, value] of Object.entries(values)) set(collection, id, path, value)
  }

/** What the audit names of a damaged store. */
export const named = (damage: (copy: Copy) => void): string[] => auditDamaged(damage).differences.map(lineOf)

/** Numbers of `balcony/later` that wait in quarantine. */
const futures = [noon + 1e10, noon + 2e10]

let expiredRow: Readonly<Record<string, unknown>> = {}

/** Puts the bucket that expired back, as a lagging owner may. */
export const writeBack = ({ db }: Copy): void => {
  const names = Object.keys(expiredRow)
  db.prepare(`INSERT INTO readings (${names.join()}) VALUES (${names.map((name) => `@${name}`).join()})`).run(
    expiredRow,
  )
}

/** The same, after a release and expiries: the first bucket of the long stream is gone, its windows are sealed. */
export async function createAged(): Promise<World> {
  await createOriginal()
  const [device, sensor] = ['balcony', 'bme280']
  const append = (kind: 'release' | 'expire', value: Uint8Array) => world.append({ device, kind, value })
  const range = { sensor: 'later', epoch, firstSeq: 2, lastSeq: 2 }
  await append('release', encodeRelease({ device, ranges: [range], by: 'me', why: 'the clock was right' }))
  const levels = [
    { sensor, level: '10s', before: noon },
    { sensor: 'later', level: 'hour', before: noon + 7_200_000 },
  ]
  await append(
    'expire',
    encodeExpire({ device, raw: [{ sensor, epoch, ranges: [1, 256] }], levels, known: { g: 9, n: 0 } }),
  )
  await world.fold()
  world.damage((db) => {
    expiredRow =
      db.prepare<[string], Record<string, unknown>>('SELECT * FROM readings WHERE id = ?').get(bucket) ?? {}
    db.prepare('DELETE FROM readings WHERE id = ?').run(bucket)
  })
  return world
}

/** Makes the store whose copies are damaged. */
export async function createOriginal(): Promise<World> {
  world = createWorld({ partitions: 1 })
  await world.fold()
  const temperature = Float64Array.from({ length: count }, (_, i) => 10_000 + i)
  temperature[2] = Number.NaN // a fault
  const flags = new Uint8Array(count)
  flags[4] = 128
  flags[5] = 1
  const column = (name: string, values: Float64Array, its: Uint8Array | null = null) => ({
    metric: metricByName(name) as Metric,
    values,
    flags: its,
  })
  const degrees = Float64Array.from(temperature, (value) => (Number.isNaN(value) ? value : 90_000))
  await world.send('balcony', {
    runs: [
      {
        sensor: 'bme280',
        epoch,
        intervalMs: stepMs,
        firstSeq: 1,
        times: Float64Array.from({ length: count }, (_, i) => noon + i * stepMs),
        columns: [column('temperature', temperature, flags), column('windDirection', degrees)],
        marks: [{ index: 2, kind: 'fault', code: 'bus-gone', detail: 'no answer' }],
      },
    ],
    lost: [{ sensor: 'bme280', epoch, firstSeq: 301, lastSeq: 305, cause: 'buffer full' }],
    ended: [{ sensor: 'bme280', epoch, lastSeq: 310 }],
  })
  await world.send(
    'balcony',
    {
      runs: [
        {
          sensor: 'later',
          epoch,
          intervalMs: stepMs,
          firstSeq: 1,
          times: Float64Array.of(noon, ...futures),
          columns: [column('temperature', Float64Array.of(1, 2, 3))],
          marks: [],
        },
      ],
    },
    { quarantineAfterMs: noon },
  )
  await world.send('cellar', { summaries: [makeSummary(1, noon, 2)] })
  await world.fold()
  return world
}
