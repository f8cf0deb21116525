import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiEntry, ApiGaps, ApiRollup } from '@barograph/proto/api'
import Database from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { contentsOf, type StreamContents } from './fixtures/contents.ts'
import { type BufferedRow, clockFrom, type Contents, fileNames, unpack, versions } from './fixtures/sets.ts'
import { createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { storedNumbers } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { agentProgram, collectorProgram, root, run } from './harness/process.ts'
import { eventually } from './harness/wait.ts'

// Some hundred short programs, one after the other: patience, not a measure.
vi.setConfig({ testTimeout: 400_000 })

/** The partitions that the logs of all sets have. */
const env = { BAROGRAPH_LOG_PARTITIONS: '2' }
const device = 'balcony'

/** When the second site of the cellar begins: 0.1.0 let windows go on there, later versions do not. */
const secondSite = Date.parse('2025-11-01T05:59:40Z')
const isCutAnew = (of: string, { start, end }: ApiRollup): boolean =>
  of === 'cellar' && Date.parse(start) < secondSite && secondSite < Date.parse(end)

const keyOf = ({ epoch, seq }: { epoch: string; seq: number }): string => `${epoch} ${seq}`

/** What an exported row says, as an entry that the collector shows. */
function entryOf(rows: readonly BufferedRow[]): object {
  const [first] = rows
  if (!first) throw new Error('an entry without a row')
  const at = { time: first.time.replace('.000Z', 'Z'), kind: first.kind }
  if (first.kind !== 'reading') return at
  return { ...at, values: Object.fromEntries(rows.map(({ metric, value }) => [metric, value])) }
}

function buffered({ buffer }: Contents): Map<string, BufferedRow[]> {
  const entries = new Map<string, BufferedRow[]>()
  for (const row of buffer.rows) {
    const key = `${row.sensor} ${keyOf(row)}`
    entries.set(key, [...(entries.get(key) ?? []), row])
  }
  return entries
}

function streamOf(
  streams: readonly StreamContents[],
  { device: its, sensor }: StreamContents,
): StreamContents {
  const stream = streams.find((one) => one.device === its && one.sensor === sensor)
  if (!stream) throw new Error(`${its}/${sensor} is gone`)
  return stream
}

describe.each(versions)('on the files of version %s', (version) => {
  test('agent and collector go on: everything that was there is there once, what waited is stored, and the audit finds nothing', async () => {
    const folder = temporaryFolder()
    const before = unpack(version, folder)
    // Its clock goes on where theirs ended: nothing is too old for anybody.
    const clock = clockFrom(before.made + 60_000)
    const collector = await createCollector({ folder, env: { ...env, ...clock } })
    await collector.start()
    const yaml = readFileSync(join(folder, 'balcony.yaml'), 'utf8')
    const agent = createAgent({ folder, name: 'buffer', yaml, broker: collector.broker, env: clock })
    const oldEpochs = new Set(before.buffer.streams.map(({ epoch }) => epoch))
    const waiting = agent.streams().filter(({ rows }) => rows.length > 0)
    expect(waiting.length, 'streams with rows').toBeGreaterThan(2)
    agent.start()
    await eventually('what the old agent left behind has gone', () => {
      if (!agent.process().isRunning()) throw new Error(agent.process().stderr())
      return agent.streams().every(({ epoch }) => !oldEpochs.has(epoch))
    })
    await eventually('the new agent goes on', () => agent.streams().some(({ lastSeq }) => lastSeq > 3))
    await agent.stop()

    const after = await contentsOf(collector.get)
    for (const old of before.store) {
      const stream = streamOf(after, old)
      const entries = new Map(stream.entries.map((entry) => [keyOf(entry), entry]))
      expect(entries.size, 'each number once').toBe(stream.entries.length)
      for (const entry of old.entries) expect(entries.get(keyOf(entry))).toMatchObject(entry)
      const windows = new Map(stream.rollups.map((rollup) => [`${rollup.level} ${rollup.start}`, rollup]))
      for (const rollup of old.rollups) {
        if (isCutAnew(old.device, rollup)) continue
        // Balcony's windows have grown by what waited in its buffer.
        const { received, ...rest } = rollup
        const grown = { received: expect.toSatisfy((n: number) => n >= received) as number }
        expect(windows.get(`${rollup.level} ${rollup.start}`)).toMatchObject(
          old.device === device ? grown : { received, ...rest },
        )
      }
    }
    const rows = buffered(before)
    expect(rows.size).toBeGreaterThan(20)
    for (const [key, values] of rows) {
      const [sensor = '', ...number] = key.split(' ')
      const stream = streamOf(after, { device, sensor, entries: [], rollups: [] })
      const entry: ApiEntry | undefined = stream.entries.find((one) => keyOf(one) === number.join(' '))
      expect(entry, key).toMatchObject(entryOf(values))
    }
    for (const { sensor, epoch, lost } of before.buffer.streams)
      for (const { firstSeq, lastSeq, cause } of lost) {
        const { gaps } = await collector.get<ApiGaps>(`/api/v1/devices/${device}/sensors/${sensor}/gaps`)
        expect(gaps).toContainEqual(
          expect.objectContaining({ epoch, firstSeq, lastSeq, cause: 'lost', reason: cause }),
        )
      }
    for (const { sensor, epoch, lastSeq, lost } of before.buffer.streams) {
      const declared = lost.reduce((sum, range) => sum + range.lastSeq - range.firstSeq + 1, 0)
      const stream = streamOf(after, { device, sensor, entries: [], rollups: [] })
      const seen = stream.entries.filter((entry) => entry.epoch === epoch)
      expect(seen.length + declared, `${sensor} ${epoch}`).toBe(lastSeq)
    }
    // The collector makes the windows that are cut anew by itself.
    await eventually('the audit finds nothing', async () => {
      const { code, stdout, stderr } = await collector.audit()
      if (code !== 0) throw new Error(stdout + stderr)
      return true
    })
    await collector.stop()
    for (const { sensor, epoch } of before.buffer.streams)
      expect(storedNumbers(folder, device).has(`${sensor} ${epoch}`)).toBe(true)
  })

  test.each(fileNames)(
    'a migration of %s that is killed before any statement is done by the next start',
    async (name) => {
      const folder = temporaryFolder()
      unpack(version, folder)
      const open = (path: string, killAt: number) =>
        run([join(root, 'e2e/fixtures/migrate.ts'), name, path, String(killAt)])
      const whole = join(folder, 'whole.db')
      copyFileSync(join(folder, name), whole)
      expect((await open(whole, 0)).stdout).toBe('opened\n')
      const expected = describeFile(whole)
      let kills = 0
      for (let killAt = 1; ; killAt++) {
        const path = join(folder, `${killAt}.db`)
        copyFileSync(join(folder, name), path)
        const first = await open(path, killAt)
        if (first.code === 0) break
        expect(first.signal).toBe('SIGKILL')
        kills++
        expect((await open(path, 0)).stdout).toBe('opened\n')
        expect(describeFile(path), `killed before statement ${killAt}`).toEqual(expected)
      }
      // Opening alone asks for more than this.
      expect(kills).toBeGreaterThan(3)
    },
  )
})

/** Schema and rows of a database, whatever its pages look like. */
function describeFile(path: string): object {
  const db = new Database(path, { readonly: true })
  try {
    const tables = db
      .prepare<[], { name: string; sql: string | null }>('SELECT name, sql FROM sqlite_schema ORDER BY name')
      .all()
    const rows = tables
      // When a store came to this version: its own, of each.
      .filter(({ name, sql }) => sql?.startsWith('CREATE TABLE') && name !== 'ingest_known')
      .map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()])
    return { version: db.pragma('user_version', { simple: true }), tables, rows: Object.fromEntries(rows) }
  } finally {
    db.close()
  }
}

describe('a file of a version that is still to come', () => {
  const [version = ''] = versions

  test.each(fileNames)('%s is refused in clear words and left as it is', async (name) => {
    const folder = temporaryFolder()
    unpack(version, folder)
    const path = join(folder, name)
    const db = new Database(path)
    db.pragma('user_version = 999')
    db.close()
    const before = readFileSync(path)
    const { code, stdout, stderr } =
      name === 'buffer.db'
        ? await run([agentProgram, 'run', '--config', join(folder, 'balcony.yaml')], {
            BAROGRAPH_BUFFER_PATH: path,
          })
        : await run([collectorProgram, 'run'], {
            ...env,
            BAROGRAPH_BROKER_LISTEN: '127.0.0.1:0',
            BAROGRAPH_SERVE_LISTEN: '127.0.0.1:0',
            BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}`,
            BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
          })
    expect(code, stdout).toBe(2)
    expect(stderr).toContain(path)
    expect(stderr).toMatch(/was written by a newer Barograph/)
    expect(stderr).toMatch(/999/)
    expect(stderr).toMatch(/run (that|the) newer/i)
    expect(readFileSync(path).equals(before), 'the file is untouched').toBe(true)
  })
})
