import { limits } from '@barograph/proto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  auditDamaged,
  bucket,
  type Copy,
  createOriginal,
  epoch,
  holding,
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

describe('damage to raw readings is named', () => {
  test('an altered value, in its window of each level', () => {
    const lines = named(put('readings', bucket, { 'columns.temperature.values[6]': 0 }))
    for (const id of [hour(1), ...holding])
      expect(lines).toContainEqual(
        expect.stringMatching(new RegExp(`^rollups ${id} metrics.temperature.sum:`)),
      )
    expect(lines).toContainEqual(`rollups ${hour(1)} metrics.temperature.min: 10006 / 0`)
    expect(lines).not.toContainEqual(expect.stringContaining(hour(2)))
  })

  test('an altered flag', () => {
    const lines = named(put('readings', bucket, { 'columns.temperature.flags[4]': 0 }))
    expect(lines).toContain(`rollups ${hour(0)} metrics.temperature.flagged: 1 / 0`)
    expect(lines).toContain(`rollups ${hour(0)} metrics.temperature.sum: 40009 / 50013`)
  })

  test('an altered time', () => {
    const lines = named(put('readings', bucket, { 'times[7]': noon + 7_200_001 }))
    expect(lines).toContain(`rollups ${hour(1)} received: 6 / 5`)
    expect(lines).toContain(`rollups ${hour(2)} received: 6 / 7`)
  })

  test('a deleted bucket: its numbers, and every window that held them', () => {
    const { differences, differenceCount } = auditDamaged(
      ({ db }) => void db.prepare('DELETE FROM readings WHERE id = ?').run(`${stream}/${epoch}/1`),
    )
    const lines = differences.map(lineOf)
    expect(lines).toContain(`epochs ${stream}/${epoch} seen without an entry in a bucket: 257-300 / none`)
    // 256 readings fill 42 hours and four of the six of the next one.
    expect(lines).toContain(`rollups ${hour(42)} received: 6 / 4`)
    for (let index = 43; index < 50; index++)
      expect(lines).toContain(`rollups ${hour(index)} document: 6 received / no reading`)
    expect(differenceCount).toBeGreaterThanOrEqual(differences.length)
  })

  test('a deleted bucket of a whole stream is more than is listed, and the rest is counted', () => {
    const { differences, differenceCount } = auditDamaged(
      ({ db }) => void db.prepare('DELETE FROM readings WHERE sensor = ?').run('bme280'),
    )
    expect(differences).toHaveLength(50)
    expect(differenceCount).toBeGreaterThan(55)
  })

  test('a reading that is there twice, under a number of its own', () => {
    const lines = named((copy) => {
      const id = `${stream}/${epoch}/1`
      put('readings', id, {
        firstTime: noon + 3_600_000,
        'times[#]': noon + 3_600_000,
        'columns.temperature.values[#]': 10_006,
        'columns.windDirection.values[#]': 90_000,
        'intervals[0][1]': 301,
        'events[0].last': 301,
      })(copy)
      copy.db.prepare('UPDATE readings SET first_time = ? WHERE id = ?').run(noon + 3_600_000, id)
    })
    expect(lines).toContain(`epochs ${stream}/${epoch} in a bucket and not seen: 301 / none`)
    expect(lines).toContain(`rollups ${hour(1)} received: 6 / 7`)
    expect(lines).toContain(`rollups ${hour(1)} metrics.temperature.sum: 60051 / 70057`)
  })

  test('an entry that no record brought', () => {
    const event = { at: { g: 0, n: 1 }, what: 'arrived' }
    const lines = named(
      put('readings', bucket, { 'events[0].last': 9, 'events[1]': { first: 11, last: 256, ...event } }),
    )
    expect(lines).toContain(
      `readings ${bucket} time of number 10: ${noon + 9 * stepMs} / none, for it never arrived`,
    )
    expect(lines).toContain(`epochs ${stream}/${epoch} seen without an entry in a bucket: 10 / none`)
    expect(lines).toContain(`rollups ${hour(1)} received: 6 / 5`)
  })

  test('a number that two records brought', () => {
    const event = { at: { g: 0, n: 1 }, what: 'arrived' }
    expect(
      named(
        put('readings', bucket, { 'events[0].last': 10, 'events[1]': { first: 10, last: 256, ...event } }),
      ),
    ).toEqual([`readings ${bucket} events.1: 10-256 / numbers after 10, up to 256, each once`])
  })

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'an event beyond the bucket',
      { 'events[0].last': 257 },
      [`readings ${bucket} events.0: 1-257 / numbers after 0, up to 256, each once`],
    ],
    [
      'a value on a fault',
      { 'columns.windDirection.values[2]': 5 },
      [`readings ${bucket} columns.windDirection.values.2: 5 / none, for there is no reading`],
    ],
    [
      'a fault at another time than its entry',
      { 'marks[0].time': 5 },
      [`readings ${bucket} mark of number 3: 5 / ${noon + 2 * stepMs}`],
    ],
    [
      'a value beyond what the wire takes',
      { 'columns.temperature.values[4]': limits.value },
      [`readings ${bucket} columns.temperature.values.4: ${limits.value} / below 2^40`],
    ],
    [
      'a span that is not the one of its times',
      { lastTime: 5 },
      [`readings ${bucket} lastTime: 5 / ${noon + 255 * stepMs}`],
    ],
    [
      'an index that is not the one of its id',
      { id: `${stream}/${epoch}/7` },
      [`readings ${bucket} id: ${stream}/${epoch}/7 / ${bucket}`],
    ],
  ])('%s', (_what, values, lines) => {
    expect(named(put('readings', bucket, values))).toEqual(lines)
  })
})

describe('damage to what is known of numbers is named', () => {
  test('but not that a gap healed before it began: the records came through bridges whose clocks differ', () => {
    const healed = { first: 8, last: 9, since: noon + 5, healed: noon }
    const open = { first: 301, last: 310, since: noon, healed: null }
    const differences = named(
      put('epochs', `${stream}/${epoch}`, { gapsHealed: 1, 'gaps[0]': healed, 'gaps[1]': open }),
    )
    expect(differences).toEqual([])
  })

  const known = (values: Record<string, unknown>, of = `${stream}/${epoch}`) => put('epochs', of, values)
  const id = `epochs ${stream}/${epoch}`

  test.each<[string, (copy: Copy) => void, string[]]>([
    [
      'a range seen without a bucket',
      known({ seen: [1, 300, 307, 308] }),
      [`${id} seen without an entry in a bucket: 307-308 / none`],
    ],
    [
      'entries that were not seen',
      known({ seen: [1, 299] }),
      [`${id} in a bucket and not seen: 300 / none`, `${id} missing and in no gap: 300 / none`],
    ],
    [
      'a gap whose numbers are all there',
      known({
        'gaps[1]': { first: 306, last: 310, since: 1, healed: null },
        'gaps[0]': { first: 8, last: 9, since: 1, healed: null },
      }),
      [
        `${id} gaps.0.healed: open / healed, for none of it is missing`,
        `${id} missing and in no gap: 301-305 / none`,
      ],
    ],
    [
      'a gap that healed and is still missing',
      known({ 'gaps[0].healed': 1e15 }),
      [
        `${id} gaps.0: healed and missing: 301-310 / none`,
        `${id} gapsHealed: 1 / 0`,
        `${id} missing and in no gap: 301-310 / none`,
      ],
    ],
    [
      'a gap in the middle of another',
      known({ 'gaps[1]': { first: 305, last: 310, since: 1, healed: null } }),
      [`${id} gaps.1: 305 / after 310`],
    ],
    [
      'a number that is lost and seen',
      known({ 'lost."buffer full"': [300, 305] }),
      [`${id} lost and seen: 300 / none`, `${id} accepted: 310 / 311`],
    ],
    [
      'a number that is lost and refused',
      known({ 'refused."too large"': [305, 305] }),
      [`${id} lost and refused: 305 / none`, `${id} accepted: 310 / 311`],
    ],
    [
      'a number that is lost for two causes',
      known({ 'lost.thinned': [301, 301] }),
      [`${id} lost: numbers under two words: 6 / 5`],
    ],
    [
      'ranges out of order',
      known({ seen: [200, 300, 1, 199] }),
      [expect.stringContaining(`${id} seen: [200,300,1,199] /`) as string],
    ],
    [
      'an entry in quarantine that the set does not know',
      known({ quarantined: {} }, `balcony/later/${epoch}`),
      [`epochs balcony/later/${epoch} entries in quarantine and not in the set: 2-3 / none`],
    ],
    [
      'a number in quarantine that arrived as any other',
      known({ quarantined: { odd: [7, 7] } }),
      [`${id} quarantined without such an entry: 7 / none`],
    ],
    [
      'an epoch that is gone',
      ({ db }) => void db.prepare('DELETE FROM epochs WHERE id = ?').run(`${stream}/${epoch}`),
      [`${id} seen: absent / 1-300`],
    ],
    [
      'a summary that is gone',
      ({ db }) => void db.prepare('DELETE FROM summaries').run(),
      expect.arrayContaining([
        'summaries cellar/bme280/00000000000000bb numbers without a summary: 1-12 / none',
        `rollups cellar/bme280/hour/${noon} document: 12 received / no reading`,
      ]) as string[],
    ],
    [
      'a stream that says it has later readings',
      put('streams', stream, { largestTime: 8e12 }),
      [`streams ${stream} largestTime: 8000000000000 / ${noon + 299 * stepMs}`],
    ],
    [
      'a device in another partition',
      put('devices', 'balcony', { partition: 3 }),
      ['devices balcony partition: 3 / 0'],
    ],
    [
      'a checkpoint beyond the end of the log',
      ({ db }) => void db.prepare('UPDATE checkpoints SET n = 99, reach = 99').run(),
      [
        "checkpoints 0 position: 99 / at most 4, the log's end",
        "checkpoints 0 reach: 99 / at most 4, the log's end",
      ],
    ],
    [
      'a checkpoint beyond its reach',
      ({ db }) => void db.prepare('UPDATE checkpoints SET reach = 3').run(),
      expect.arrayContaining(['checkpoints 0 position: 4 / at most 3, its reach']) as string[],
    ],
    [
      'a checkpoint of another log',
      ({ db }) => void db.prepare("UPDATE checkpoints SET log_id = 'other'").run(),
      [expect.stringMatching(/^checkpoints 0 log_id: other \/ /) as string],
    ],
    [
      'a log that was cut and went on differently',
      ({ db }) => void db.prepare("UPDATE checkpoints SET reach_hash = 'other'").run(),
      [expect.stringMatching(/^checkpoints 0 reach_hash: other \/ [0-9a-f]{32}$/) as string],
    ],
    [
      'a rebuild that was left half done',
      ({ db }) => void db.prepare("UPDATE checkpoints SET phase = 'buckets'").run(),
      ['checkpoints 0 phase: buckets / null'],
    ],
    [
      'nothing: what an owner of before left behind in a new bucket is not there',
      ({ db }) =>
        void db
          .prepare(
            `INSERT INTO readings SELECT replace(id, '/0', '/9'), -1, n, change, device, sensor, first_time, last_time,
               body, ahead, newest_ingest FROM readings WHERE id LIKE '%/0' LIMIT 1`,
          )
          .run(),
      [],
    ],
  ])('%s', (_what, damage, lines) => {
    expect(named(damage)).toEqual(lines)
  })

  test('another time zone of the site, in every window that it moves', () => {
    const lines = named(put('settings', '0', { 'history[0].defaultTimeZone': 'Asia/Kolkata' }))
    expect(lines.length).toBe(50)
    expect(lines).toContainEqual(expect.stringContaining('/hour/'))
  })
})
