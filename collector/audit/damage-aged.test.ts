import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  auditDamaged,
  bucket,
  type Copy,
  createAged,
  day,
  epoch,
  hour,
  noon,
  put,
  stepMs,
  stream,
  writeBack,
} from './testing/damaged.ts'
import { lineOf, type World } from './testing/world.ts'
import { auditWords } from './words.ts'

let world: World
beforeAll(async () => {
  world = await createAged()
})
afterAll(() => world.close())

const later = `balcony/later/${epoch}`
const known = (values: Record<string, unknown>) => put('epochs', `${stream}/${epoch}`, values)

test('sealed windows are listed as not to be recomputed, and nothing differs', () => {
  const result = auditDamaged(() => {})
  expect([result.differences, result.findings]).toEqual([[], []])
  expect(result.checked.sealed).toEqual({ hour: 43, day: 3, week: 2, month: 1, year: 1 })
  expect(result.account).toMatchObject({
    accepted: 310 + 3 + 12,
    stored: 300 + 2 + 12,
    quarantined: 1,
    lost: 5,
  })
  expect(auditWords(result)).toContain(
    '\nSealed    not to be recomputed, for raw readings of theirs have expired: hour 43, day 3, week 2, month 1, year 1\n',
  )
})

test.each<[string, (copy: Copy) => void, string[], string[]]>([
  ['a bucket that a lagging owner wrote back', writeBack, [], []],
  [
    'a lost expiry',
    known({ expired: [] }),
    [
      `epochs ${stream}/${epoch} seen without an entry in a bucket: 1-256 / none`,
      `epochs ${stream}/${epoch} expired by the record at 5 and not in the set: 1-256 / none`,
    ],
    [
      `the bucket ${bucket} is gone: numbers 1-256 were stored in it`,
      `the expiry in the record at 5 was lost: numbers 1-256 of ${stream}/${epoch} are not expired`,
    ],
  ],
  [
    'an expiry of half a bucket',
    known({ expired: [1, 260] }),
    [`epochs ${stream}/${epoch} expired without the rest of their bucket: 261-310 / none`],
    [],
  ],
  [
    'an expiry of numbers that nobody knows of',
    known({ expired: [1, 310] }),
    [`epochs ${stream}/${epoch} expired and not accounted for: 306-310 / none`],
    [],
  ],
  [
    'a window sealed without a cause',
    put('rollups', hour(48), { sealed: true }),
    [
      `rollups ${hour(48)} sealed: until ${noon + 49 * 3_600_000} / its device has none beyond ${noon + 43 * 3_600_000}`,
      `rollups ${hour(48)} sealed: true / false, for all 6 readings of it are stored`,
    ],
    [`the window ${hour(48)} was sealed without a cause: none of its readings has expired`],
  ],
  [
    'a seal that is gone',
    put('rollups', hour(1), { sealed: false }),
    [`rollups ${hour(1)} document: 6 received / no reading`],
    [`the window ${hour(1)} holds 6 readings of which none is stored`],
  ],
  [
    'a seal that is gone while the expired bucket is there',
    (copy) => {
      writeBack(copy)
      put('rollups', hour(1), { sealed: false })(copy)
    },
    [`rollups ${hour(1)} sealed: false / true, for readings of it have expired`],
    [`the window ${hour(1)} is not sealed, and readings of it have expired`],
  ],
  [
    'a sealed window that lacks what is left of its readings',
    put('rollups', hour(42), { received: 1, coveredMs: stepMs, 'metrics.temperature.max': 1 }),
    [
      `rollups ${hour(42)} received: 1 / at least 2`,
      `rollups ${hour(42)} coveredMs: ${stepMs} / at least ${2 * stepMs}`,
      `rollups ${hour(42)} metrics.temperature.max: 1 / at least 10257`,
    ],
    [],
  ],
  [
    'a device that does not know of its sealed windows',
    put('devices', 'balcony', { 'sealedUntil.day': noon }),
    [`rollups ${day} sealed: until ${Date.UTC(2013, 10, 3, 4)} / its device has none beyond ${noon}`],
    [],
  ],
  [
    'a release without its event',
    put('readings', `${later}/0`, { 'events[2]': undefined }),
    [
      `epochs ${later} entries in quarantine and not in the set: 2 / none`,
      `epochs ${later} released by the record at 4 and still in quarantine: 2 / none`,
    ],
    [`the release in the record at 4 was lost: number 2 of ${later} is still in quarantine`],
  ],
  [
    'a release that no record made',
    put('readings', `${later}/0`, {
      'events[2]': { first: 2, last: 3, at: { g: 0, n: 4 }, what: 'released' },
    }),
    [
      `readings ${later}/0 released by the record at 4, which does not: 3 / none`,
      `epochs ${later} quarantined without such an entry: 3 / none`,
    ],
    [`number 3 of ${later} was let out of quarantine, and no record releases it`],
  ],
  [
    'a release of a number that was not in quarantine',
    put('readings', `${later}/0`, {
      'events[2]': { first: 1, last: 2, at: { g: 0, n: 4 }, what: 'released' },
    }),
    [`readings ${later}/0 events.2: 1 released / 1 arrived`],
    [],
  ],
  [
    'a window of a dropped level, whatever is in it',
    ({ db }) =>
      void db
        .prepare("DELETE FROM rollups WHERE sensor = 'later' AND level = 'hour' AND start = ?")
        .run(noon),
    [],
    [],
  ],
])('%s', (_what, damage, lines, sentences) => {
  const { differences, findings, equal } = auditDamaged(damage)
  for (const line of lines) expect(differences.map(lineOf)).toContain(line)
  for (const sentence of sentences) expect(findings).toContain(sentence)
  expect(equal).toBe(lines.length === 0)
})
