import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCoded } from '@barograph/proto'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { createSqliteDeadLetters } from '../log/dead-letters.ts'
import { createSqliteLog } from '../log/sqlite.ts'
import { recordOf } from '../log/testing/records.ts'
import { createSqliteStore } from '../store/sqlite.ts'
import { at, bucketOf, deviceOf, rollupOf } from '../store/testing/documents.ts'

const checkpoint = {
  partition: 0,
  logId: 'log',
  position: at(0),
  reach: 0,
  reachHash: null,
  phase: null,
  swaps: 0,
  before: null,
}

async function useStore(path: string): Promise<void> {
  const store = createSqliteStore({ path })
  try {
    await store.checkpoint(0)
    await store.createCheckpoint(checkpoint)
    await store.write('devices', [deviceOf('a', at(2))])
    await store.write('readings', [bucketOf(1, [1, null, 3], at(2))])
    await store.write('rollups', [rollupOf('10s', 1, at(2))])
    await store.read('devices', ['a'])
    await store.devices()
    await store.streams('a')
    await store.rollups({ device: 'a', sensor: 's', level: '10s', from: 0, to: 1e9, limit: 10 })
    await store.changes(0, 10)
    await store.life()
  } finally {
    await store.close()
  }
}

async function useLog(path: string): Promise<void> {
  const log = createSqliteLog({ path, partitions: 2 })
  try {
    await log.append([recordOf('a', 1)])
    await log.extent(0)
    await log.read(0, 0, 10)
    await log.prune(0)
  } finally {
    await log.close()
  }
  const letters = createSqliteDeadLetters({ path })
  try {
    await letters.add([
      { topic: 't', device: 'a', ingestMs: 1, code: 'c', reason: 'r', value: Uint8Array.of(1) },
    ])
    await letters.list({ limit: 5 })
    await letters.counts()
  } finally {
    await letters.close()
  }
}

/** Where the schema's text lies in the file: of each table, its words between the brackets. */
function schemaPlaces(path: string): number[] {
  const db = new Database(path)
  db.pragma('wal_checkpoint(TRUNCATE)')
  const texts = db.prepare<[], string>("SELECT sql FROM sqlite_schema WHERE type = 'table'").pluck().all()
  db.close()
  const bytes = readFileSync(path)
  return texts.flatMap((text) => {
    const start = bytes.indexOf(text)
    return start < 0 ? [] : Array.from({ length: text.length }, (_, i) => start + i)
  })
}

test.each([
  ['store', useStore],
  ['log', useLog],
])(
  'a %s of which one letter of the schema is another one is used, or said to be damaged',
  async (what, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'damaged-schema-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const path = join(folder, `${what}.db`)
    await use(path)
    const places = schemaPlaces(path)
    const whole = readFileSync(path)
    const bugs: string[] = []
    let damaged = 0
    // A step that is prime to the length of everything: names, types and brackets in turn.
    for (let i = 0; i < places.length; i += 13) {
      const place = places[i] ?? 0
      const bytes = Buffer.from(whole)
      bytes[place] = (bytes[place] ?? 0) ^ 1
      const copy = join(folder, `${i}.db`)
      writeFileSync(copy, bytes)
      try {
        await use(copy)
      } catch (error) {
        if (isCoded(error, `${what}-corrupt`)) damaged++
        else bugs.push(`${whole.subarray(place - 12, place + 6).toString()}: ${String(error)}`)
      }
    }
    expect(bugs).toEqual([])
    expect(damaged).toBeGreaterThan(10)
  },
)
