import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Observation, SensorPosition } from '../../core/sensor.ts'
import { parseConfig, testSite } from '../testing/context.ts'
import { createReplaySensor, replayType, type ReplayClock } from './index.ts'

const signal = new AbortController().signal
const start = Date.UTC(2020, 0, 1)

type Line = 'good' | 'words' | 'no-time' | 'quoted' | 'open-quote' | 'other' | 'empty' | 'late'

/** The text of a row, and the temperature it must give; null: none. */
function makeRow(line: Line, i: number): { text: string; temperature: number | null } {
  const time = new Date(start + i * 60_000).toISOString()
  switch (line) {
    case 'good':
      return { text: `${time},${i},a`, temperature: i }
    case 'late':
      return { text: `${new Date(start - i * 60_000).toISOString()},${i},a`, temperature: i }
    case 'quoted':
      return { text: `"${time}","${i}","a"`, temperature: i }
    case 'words':
      return { text: `${time},oops,a`, temperature: null }
    case 'no-time':
      return { text: `never,${i},a`, temperature: null }
    case 'open-quote':
      return { text: `${time},"${i},a`, temperature: null }
    case 'other':
      return { text: `${time},${i},b`, temperature: null }
    case 'empty':
      return { text: '', temperature: null }
  }
}

const lines = fc.array(
  fc.constantFrom<Line[]>(
    'good',
    'good',
    'good',
    'late',
    'quoted',
    'words',
    'no-time',
    'open-quote',
    'other',
    'empty',
  ),
  { maxLength: 60 },
)
/** What happens around each read: killed before or after the commit, or nothing. */
const fates = fc.array(
  fc.constantFrom('go', 'go', 'killed-before-commit', 'killed-after-commit', 'commit-failed'),
  {
    minLength: 1,
    maxLength: 200,
  },
)

test('killed anywhere, however often, a replay hands out each row once and skips none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'barograph-restart-'))
  const file = join(folder, 'a.csv')
  const config = parseConfig(replayType, {
    file: 'a.csv',
    speed: 60,
    time: { column: 'time' },
    where: { keep: 'a' },
    values: { temperature: { column: 't' } },
  })
  let nowMs = 0
  const clock: ReplayClock = {
    nowMs: () => nowMs,
    async sleep(ms) {
      nowMs += ms
    },
  }
  const connect = () =>
    createReplaySensor(
      { config, id: 'x', site: testSite, baseDir: folder, now: () => 0, random: () => 0.5, fetch },
      clock,
    )

  async function run(given: readonly Line[], happenings: readonly string[], lineEnd: string): Promise<void> {
    const made = given.map(makeRow)
    await writeFile(file, ['time,t,keep', ...made.map(({ text }) => text)].join(lineEnd))
    const committed: Observation[] = []
    let position: SensorPosition = null
    let sensor = connect()
    let faults = 0
    for (let i = 0; i < 5_000; i++) {
      // Different paces, so that samples end at any row.
      nowMs += (i % 3) * 1_000
      const fate = happenings[i % happenings.length]
      const calm = i > 400 ? 'go' : fate
      const sample = await sensor.read({ position, signal })
      if (sample.kind === 'end') {
        await sensor.close()
        const expected = made.flatMap(({ temperature }) => (temperature === null ? [] : [temperature * 1000]))
        expect(committed.map(({ values }) => values[0]?.thousandths)).toEqual(expected)
        if (made.every(({ temperature }) => temperature !== null)) expect(faults).toBe(0)
        return
      }
      if (sample.kind === 'fault') faults += 1
      if (sample.kind === 'observations' && calm !== 'killed-before-commit' && calm !== 'commit-failed') {
        committed.push(...sample.observations)
        position = JSON.parse(JSON.stringify(sample.position ?? null))
      }
      if (calm?.startsWith('killed')) {
        await sensor.close()
        sensor = connect()
      }
    }
    throw new Error('the replay does not end')
  }

  await fc.assert(fc.asyncProperty(lines, fates, fc.constantFrom('\n', '\r\n'), run), { numRuns: 100 })
  await rm(folder, { recursive: true, force: true })
})
