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

interface Row {
  readonly text: string
  /** What it must give; null: nothing. */
  readonly temperature: number | null
  /** A fault must tell of it. */
  readonly isBad: boolean
}

function makeRow(line: Line, i: number): Row {
  const time = new Date(start + i * 60_000).toISOString()
  switch (line) {
    case 'good':
      return { text: `${time},${i},a`, temperature: i, isBad: false }
    case 'late':
      return { text: `${new Date(start - i * 60_000).toISOString()},${i},a`, temperature: i, isBad: false }
    case 'quoted':
      return { text: `"${time}","${i}","a"`, temperature: i, isBad: false }
    case 'words':
      return { text: `${time},oops,a`, temperature: null, isBad: true }
    case 'no-time':
      return { text: `never,${i},a`, temperature: null, isBad: true }
    case 'open-quote':
      return { text: `${time},"${i},a`, temperature: null, isBad: true }
    case 'other':
      return { text: `${time},${i},b`, temperature: null, isBad: false }
    case 'empty':
      return { text: '', temperature: null, isBad: false }
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

  /** What is in the buffer at the end, and how many faults were told. */
  async function play(
    made: readonly Row[],
    happenings: readonly string[],
    lineEnd: string,
  ): Promise<{ committed: Observation[]; faults: number }> {
    await writeFile(file, ['time,t,keep', ...made.map(({ text }) => text)].join(lineEnd))
    const committed: Observation[] = []
    let position: SensorPosition = null
    let sensor = connect()
    let faults = 0
    for (let i = 0; i < 5_000; i++) {
      // Different paces, so that samples end at any row.
      nowMs += (i % 3) * 1_000
      const fate = happenings[i % happenings.length]
      // Killed at every fault it would tell the same one for ever: at last it is left alone.
      const calm = i > 150 ? 'go' : fate
      const sample = await sensor.read({ position, signal })
      if (sample.kind === 'end') {
        await sensor.close()
        return { committed, faults }
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

  await fc.assert(
    fc.asyncProperty(lines, fates, fc.constantFrom('\n', '\r\n'), async (given, happenings, lineEnd) => {
      const made = given.map(makeRow)
      const { committed, faults } = await play(made, happenings, lineEnd)
      const expected = made.flatMap(({ temperature }) => (temperature === null ? [] : [temperature * 1000]))
      expect(committed.map(({ values }) => values[0]?.thousandths)).toEqual(expected)
      expect(faults > 0).toBe(made.some(({ isBad }) => isBad))
    }),
    { numRuns: 60 },
  )
  await rm(folder, { recursive: true, force: true })
}, 60_000)
