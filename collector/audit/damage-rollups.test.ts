import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  auditDamaged,
  type Copy,
  createOriginal,
  day,
  epoch,
  hour,
  named,
  noon,
  put,
  stepMs,
  stream,
} from './testing/damaged.ts'
import { lineOf, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = await createOriginal()
})
afterAll(() => world.close())

test('without damage nothing differs, and every number is accounted for', () => {
  const result = auditDamaged(() => {})
  expect(result.differences.map(lineOf)).toEqual([])
  expect(result.account).toEqual({
    accepted: 310 + 3 + 12,
    stored: 300 + 1 + 12,
    quarantined: 2,
    refused: 0,
    lost: 5,
    onTheWay: 5,
  })
  expect(result.onTheWay).toEqual([{ epoch: `${stream}/${epoch}`, count: 5, ranges: [[306, 310]] }])
})

describe('damage to a rollup is named', () => {
  const fields = (id: string, values: Record<string, unknown>) => put('rollups', id, values)
  const figures = (id: string, values: Record<string, unknown>) =>
    fields(
      id,
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`metrics.temperature.${name}`, value]),
      ),
    )

  test.each<[string, (copy: Copy) => void, string[]]>([
    [
      'an altered sum',
      figures(hour(1), { sum: 1 }),
      [`rollups ${hour(1)} metrics.temperature.sum: 1 / 60051`],
    ],
    [
      'an altered count',
      figures(hour(1), { count: 7 }),
      [`rollups ${hour(1)} metrics.temperature.count: 7 / 6`],
    ],
    [
      'a minimum at another time',
      figures(hour(1), { minAt: noon }),
      [`rollups ${hour(1)} metrics.temperature.minAt: ${noon} / ${noon + 3_600_000}`],
    ],
    [
      'a last value that is not the last',
      figures(day, { last: 1, lastAt: 2 }),
      [
        `rollups ${day} metrics.temperature.last: 1 / 10071`,
        `rollups ${day} metrics.temperature.lastAt: 2 / ${noon + 71 * stepMs}`,
      ],
    ],
    [
      'an invalid value that was counted',
      figures(hour(0), { flagged: 0, count: 5, sum: 50_013 }),
      [
        `rollups ${hour(0)} metrics.temperature.count: 5 / 4`,
        `rollups ${hour(0)} metrics.temperature.flagged: 0 / 1`,
        `rollups ${hour(0)} metrics.temperature.sum: 50013 / 40009`,
      ],
    ],
    [
      'a suspect value that was not marked',
      figures(hour(0), { suspect: 0 }),
      [`rollups ${hour(0)} metrics.temperature.suspect: 0 / 1`],
    ],
    [
      'a fault that was counted as a reading',
      fields(hour(0), { received: 6, coveredMs: 6 * stepMs }),
      [`rollups ${hour(0)} received: 6 / 5`, `rollups ${hour(0)} coveredMs: ${6 * stepMs} / ${5 * stepMs}`],
    ],
    [
      'readings folded twice',
      (copy) => {
        fields(hour(1), { received: 12, coveredMs: 12 * stepMs })(copy)
        figures(hour(1), { count: 12, sum: 120_102 })(copy)
      },
      [
        `rollups ${hour(1)} received: 12 / 6`,
        `rollups ${hour(1)} coveredMs: ${12 * stepMs} / ${6 * stepMs}`,
        `rollups ${hour(1)} metrics.temperature.count: 12 / 6`,
        `rollups ${hour(1)} metrics.temperature.sum: 120102 / 60051`,
      ],
    ],
    [
      'a wrong part',
      figures(day, { 'parts[1][2]': 5 }),
      [`rollups ${day} metrics.temperature.parts[${noon + 3_600_000}].sum: 5 / 60051`],
    ],
    [
      'a missing part',
      figures(day, { 'parts[1]': undefined }),
      [`rollups ${day} metrics.temperature.parts[${noon + 3_600_000}]: absent / 6 values`],
    ],
    [
      'parts out of order',
      figures(day, { 'parts[0][0]': noon + 3_600_000, 'parts[1][0]': noon }),
      expect.arrayContaining([
        expect.stringContaining(`parts[${noon}]: after ${noon + 3_600_000} / ascending`),
      ]) as string[],
    ],
    [
      'an altered direction',
      put('rollups', hour(1), {
        'metrics.windDirection.sine': 5_999_999,
        'metrics.windDirection.cosine': 1,
      }),
      [
        `rollups ${hour(1)} metrics.windDirection.sine: 5999999 / 6000000`,
        `rollups ${hour(1)} metrics.windDirection.cosine: 1 / 0`,
      ],
    ],
    [
      'a metric that is gone',
      fields(hour(1), { 'metrics.temperature': undefined }),
      [`rollups ${hour(1)} metrics.temperature: absent / 6 values`],
    ],
    [
      'another unit',
      figures(hour(1), { unit: 'degF' }),
      [`rollups ${hour(1)} metrics.temperature.unit: degF / degC`],
    ],
    [
      'another time zone',
      fields(day, { timeZone: 'UTC' }),
      [`rollups ${day} timeZone: UTC / America/New_York`],
    ],
    ['another end', fields(day, { end: 7 }), [`rollups ${day} end: 7 / ${Date.UTC(2013, 10, 3, 4)}`]],
    [
      'a seal that nothing gave it',
      fields(day, { sealed: true }),
      [
        `rollups ${day} sealed: until ${Date.UTC(2013, 10, 3, 4)} / its device has none`,
        `rollups ${day} sealed: true / false, for all 71 readings of it are stored`,
      ],
    ],
    [
      'a missing rollup',
      ({ db }) => void db.prepare('DELETE FROM rollups WHERE id = ?').run(hour(1)),
      [`rollups ${hour(1)} document: absent / 6 readings`],
    ],
    [
      'a rollup without readings',
      ({ db, set }) => {
        const id = `${stream}/hour/3600000`
        db.prepare(
          `INSERT INTO rollups (id, g, n, change, device, sensor, level, start, body)
           SELECT ?, g, n, change, device, sensor, level, 3600000, body FROM rollups WHERE id = ?`,
        ).run(id, hour(1))
        set('rollups', id, 'id', id)
        set('rollups', id, 'start', 3_600_000)
      },
      [`rollups ${stream}/hour/3600000 document: 6 received / no reading`],
    ],
    [
      'a rollup of a level that does not exist',
      ({ db }) => void db.prepare("UPDATE rollups SET level = 'decade' WHERE id = ?").run(hour(1)),
      [
        `rollups ${hour(1)} document: absent / 6 readings`,
        `rollups ${hour(1)} level: decade / 10s, 1m, hour, day, week, month, year`,
        expect.stringMatching(/^rollups \* documents looked at/) as string,
      ],
    ],
    [
      'a document filed under the id of another',
      ({ db }) => void db.prepare('UPDATE rollups SET id = ? WHERE id = ?').run(`${hour(1)}0`, hour(1)),
      [
        `rollups ${hour(1)}0 id: ${hour(1)} / ${hour(1)}0`,
        `rollups ${hour(1)}0 id: ${hour(1)}0 / ${hour(1)}`,
      ],
    ],
    [
      'a position beyond the reach',
      ({ db, set }) => {
        set('rollups', hour(1), 'o.n', 999)
        db.prepare('UPDATE rollups SET n = 999 WHERE id = ?').run(hour(1))
      },
      [
        `rollups ${hour(1)} o: {"g":0,"n":999} / at most {"g":0,"n":4}, the reach of its partition`,
        `rollups ${hour(1)} o: {"g":0,"n":999} / {"g":0,"n":2}`,
      ],
    ],
    [
      'a position before what it holds, which would let that be folded again',
      ({ db, set }) => {
        set('rollups', hour(1), 'o.n', 1)
        db.prepare('UPDATE rollups SET n = 1 WHERE id = ?').run(hour(1))
      },
      [`rollups ${hour(1)} o: {"g":0,"n":1} / {"g":0,"n":2}`],
    ],
    [
      'a row that says another position than its document',
      ({ db }) => void db.prepare('UPDATE rollups SET n = 3 WHERE id = ?').run(hour(1)),
      [`rollups ${hour(1)} o: {"g":0,"n":2} / {"g":0,"n":3}`],
    ],
    [
      'a document that is none',
      ({ db }) => void db.prepare("UPDATE rollups SET body = '{' WHERE id = ?").run(hour(1)),
      [expect.stringMatching(/body: SyntaxError.* \/ a document in JSON$/) as string],
    ],
    [
      'a field of another type, and one that nobody knows',
      fields(hour(1), { 'metrics.temperature.sum': 1.5, colour: 'red' }),
      [
        expect.stringMatching(/metrics\.temperature\.sum: 1\.5 \//) as string,
        expect.stringMatching(/body: .* \/ Unrecognized key: "colour"$/) as string,
      ],
    ],
  ])('%s', (_what, damage, lines) => {
    expect(named(damage)).toEqual(lines)
  })
})
