import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  auditDamaged,
  bucket,
  type Copy,
  createOriginal,
  day,
  epoch,
  hour,
  noon,
  put,
  stepMs,
  stream,
} from './testing/damaged.ts'
import type { World } from './testing/world.ts'
import { auditWords } from './words.ts'

let world: World
beforeAll(async () => {
  world = await createOriginal()
})
afterAll(() => world.close())

const insertTwin = (copy: Copy): void => {
  put('readings', `${stream}/${epoch}/1`, {
    firstTime: noon + 3_600_000,
    'times[#]': noon + 3_600_000,
    'columns.temperature.values[#]': 10_006,
    'columns.windDirection.values[#]': 90_000,
    'intervals[0][1]': 301,
    'events[0].last': 301,
  })(copy)
  copy.db
    .prepare('UPDATE readings SET first_time = ? WHERE id = ?')
    .run(noon + 3_600_000, `${stream}/${epoch}/1`)
}

test.each<[string, (copy: Copy) => void, string[]]>([
  [
    'an altered window',
    put('rollups', hour(1), { 'metrics.temperature.sum': 1 }),
    [`the window ${hour(1)} and its 6 readings say different things: one of them was altered`],
  ],
  [
    'an altered reading, in each window that holds it',
    put('readings', bucket, { 'columns.temperature.values[6]': 0 }),
    [
      `the window ${hour(1)} and its 6 readings say different things: one of them was altered`,
      `the window ${day} and its 71 readings say different things: one of them was altered`,
    ],
  ],
  [
    'a deleted bucket',
    ({ db }) => void db.prepare('DELETE FROM readings WHERE id = ?').run(`${stream}/${epoch}/1`),
    [
      `the bucket ${stream}/${epoch}/1 is gone: numbers 257-300 were stored in it`,
      `the window ${hour(43)} holds 6 readings of which none is stored`,
    ],
  ],
  [
    'a reading that is gone from its bucket',
    put('readings', `${stream}/${epoch}/1`, { 'events[0].last': 299 }),
    [`number 300 of ${stream}/${epoch} was stored and is not in the bucket ${stream}/${epoch}/1 any more`],
  ],
  [
    'a doubled reading',
    insertTwin,
    [
      `number 301 of ${stream}/${epoch} is a doubled reading: it says the same as number 7`,
      `the window ${hour(1)} lacks 1 of 7 readings that are stored`,
    ],
  ],
  [
    'a number that two records brought',
    put('readings', bucket, {
      'events[0].last': 10,
      'events[1]': { first: 10, last: 256, at: { g: 0, n: 1 }, what: 'arrived' },
    }),
    [`numbers 10-10 of the bucket ${bucket} are there twice: the record at 1 brought them again`],
  ],
  [
    'a window folded twice',
    put('rollups', hour(1), { received: 12, coveredMs: 12 * stepMs }),
    [`the window ${hour(1)} was folded twice: 12 readings are in it, 6 are stored`],
  ],
  [
    'a window that is gone',
    ({ db }) => void db.prepare('DELETE FROM rollups WHERE id = ?').run(hour(1)),
    [`the window ${hour(1)} is gone: 6 readings belong into it`],
  ],
  [
    'a checkpoint ahead of its log',
    ({ db }) => void db.prepare('UPDATE checkpoints SET n = 99, reach = 99').run(),
    [
      'the checkpoint of partition 0 is ahead of its log: it stands at 99, reaches to 99, and the log ends at 4',
    ],
  ],
  [
    'a checkpoint ahead of its reach',
    ({ db }) => void db.prepare('UPDATE checkpoints SET reach = 3').run(),
    ['the checkpoint of partition 0 is ahead of its reach: it stands at 4, reaches to 3'],
  ],
])('%s is named in a sentence', (_what, damage, sentences) => {
  const result = auditDamaged(damage)
  for (const sentence of sentences) {
    expect(result.findings).toContain(sentence)
    expect(auditWords(result)).toContain(`\nFound  ${sentence}\n`)
  }
  expect(result.equal).toBe(false)
})

const copyWindow = ({ db }: Copy, set: number): void => {
  db.prepare(
    `INSERT INTO rollups (id, g, n, change, device, sensor, level, start, body, in_set)
     SELECT id || '/' || @set, g, n, change, device, sensor, level, start, body, @set FROM rollups WHERE id = @id`,
  ).run({ set, id: hour(1) })
}

test('an old set of windows that was left over is named, and is no difference', () => {
  const result = auditDamaged((copy) => copyWindow(copy, 7))
  expect(result.findings).toEqual([
    'set 7 of the windows of balcony does not hold any more and is left over: 1 in it',
  ])
  expect(result.equal).toBe(true)
  expect(auditWords(result)).toMatch(/left over: 1 in it\nEqual: nothing differs\.$/)
})

test('a set that a rebuild is making is not looked at', () => {
  const result = auditDamaged((copy) => {
    copyWindow(copy, 1)
    copy.db.prepare("INSERT INTO sets VALUES ('balcony', 0, 0, 0, 0, 1)").run()
  })
  expect([result.findings, result.equal]).toEqual([[], true])
})

test('a set that holds and is not there is named window by window', () => {
  const { findings, differences } = auditDamaged(({ db }) => {
    db.prepare("INSERT INTO sets VALUES ('balcony', 0, 1, 0, 99, 1)").run()
  })
  expect(differences).toContainEqual({
    collection: 'sets',
    id: 'balcony',
    field: 'at',
    stored: '{"g":0,"n":99}',
    recomputed: 'at most {"g":0,"n":4}, its checkpoint',
  })
  expect(findings).toContain(`the window ${hour(1)} is gone: 6 readings belong into it`)
  expect(findings[0]).toMatch(/^set 0 of the windows of balcony does not hold any more/)
})

test('a checkpoint that was moved over records which nobody folded is named with their numbers', async () => {
  await world.send('balcony', {
    runs: [
      {
        sensor: 'bme280',
        epoch,
        intervalMs: stepMs,
        firstSeq: 306,
        times: Float64Array.of(noon, noon + 1),
        columns: [],
        marks: [
          { index: 0, kind: 'start', code: '', detail: '' },
          { index: 1, kind: 'stop', code: '', detail: '' },
        ],
      },
      {
        sensor: 'new',
        epoch,
        intervalMs: stepMs,
        firstSeq: 1,
        times: Float64Array.of(noon),
        columns: [],
        marks: [{ index: 0, kind: 'start', code: '', detail: '' }],
      },
    ],
  })
  const { next } = await world.log.extent(0)
  const hash = await world.log.hashBefore(0, next)
  expect(auditDamaged(() => {}).findings).toEqual([])
  const result = auditDamaged(({ db }) => {
    db.prepare('UPDATE checkpoints SET n = ?, reach = ?, reach_hash = ?').run(next, next, hash)
  })
  const words = (numbers: string) =>
    `the checkpoint is ahead of what is folded: ${numbers} in the log before it and nowhere in the store`
  expect(result.findings).toEqual([
    words(`numbers 306-307 of ${stream}/${epoch} stand`),
    words(`number 1 of balcony/new/${epoch} stands`),
  ])
})
