import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readAudit } from '../audit-file.ts'
import { createWorld, makeRun, november, seeded, type World } from './testing/world.ts'

// Real files and processes on a machine that may be busy: patience, not a measure.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let world: World
beforeAll(async () => {
  world = createWorld({ partitions: 1 })
  await world.fold()
  const random = seeded(1)
  await world.send('balcony', {
    runs: [makeRun({ random, count: 60, start: november })],
    ended: [{ sensor: 'bme280', epoch: '00000000000000aa', lastSeq: 1_064 }],
  })
  await world.fold()
  await makeDamaged()
})
afterAll(() => world.close())

/** A copy whose pages behind the first few are overwritten. */
async function makeDamaged(): Promise<void> {
  const path = join(world.folder, 'damaged.db')
  world.damage((db) => void db.prepare('VACUUM INTO ?').run(path))
  const bytes = await readFile(path)
  bytes.fill(0x5a, 3 * 4096, bytes.length)
  await writeFile(path, bytes)
}

async function audit(...args: string[]): Promise<Ended> {
  const running = promisify(execFile)(process.execPath, [main, 'audit', ...args], { cwd: world.folder })
  try {
    return { code: 0, ...(await running) }
  } catch (error) {
    if (!(error instanceof Error) || !('stdout' in error) || !('stderr' in error) || !('code' in error))
      throw error
    return { code: Number(error.code), stdout: String(error.stdout), stderr: String(error.stderr) }
  }
}

const files = (): string[] => ['--store', world.storePath, '--log', `sqlite:${world.logPath}`]

describe('barograph-collector audit', () => {
  test('compares windows of another database with a store in MongoDB only', async () => {
    const { code, stderr } = await audit(...files(), '--rollups', 'mongodb://127.0.0.1:1/spark')
    expect(code).toBe(2)
    expect(stderr).toMatch(/--rollups[^]*mongodb:\/\/HOST:PORT\/DATABASE for both/)
  })

  test('says what it checked and accounts for every number', async () => {
    const { code, stdout, stderr } = await audit(...files())
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Checked 1 device, 1 stream, 1 epoch, 1 bucket in \d+\.\d s\n/)
    expect(stdout).toContain('\nReadings  60 (0 entries in quarantine), 0 faults, starts and stops\n')
    expect(stdout).toMatch(
      /\nRollups {3}65 recomputed and compared: 10s 0, 1m 60, hour 1, day 1, week 1, month 1, year 1 /,
    )
    expect(stdout).toContain(
      '\nAccepted  1,064 = stored 60 + quarantined 0 + refused 0 + declared lost 0 + on the way 1,004\n',
    )
    expect(stdout).toContain('\nOn the way  balcony/bme280/00000000000000aa: 1,004 (61-1064)\n')
    expect(stdout).toMatch(/\nEqual: nothing differs\.\n$/)
  })

  test('finds its files in the configuration, and speaks JSON', async () => {
    writeFileSync(
      join(world.folder, 'mine.yaml'),
      'store: { url: sqlite:store.db }\nlog: { url: sqlite:log.db }\n',
    )
    const { code, stdout } = await audit('--config', 'mine.yaml', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      equal: true,
      account: { accepted: 1_064, stored: 60, onTheWay: 1_004 },
      onTheWay: [{ epoch: 'balcony/bme280/00000000000000aa', count: 1_004, ranges: [[61, 1_064]] }],
      differences: [],
      differenceCount: 0,
    })
  })

  test('ends with 1 and names what differs', async () => {
    const id = `balcony/bme280/hour/${november}`
    world.damage(
      (db) =>
        void db.prepare("UPDATE rollups SET body = json_set(body, '$.received', 61) WHERE id = ?").run(id),
    )
    const { code, stdout } = await audit(...files())
    const json = await audit(...files(), '--json')
    world.damage(
      (db) =>
        void db.prepare("UPDATE rollups SET body = json_set(body, '$.received', 60) WHERE id = ?").run(id),
    )
    expect(code).toBe(1)
    expect(stdout).toContain(
      `\n1 difference:\n  rollups ${id} (2013-11-02T20:00:00Z): received: stored 61, recomputed 60\n`,
    )
    expect(json.code).toBe(1)
    expect(JSON.parse(json.stdout)).toMatchObject({
      equal: false,
      differences: [{ collection: 'rollups', id, field: 'received', stored: '61', recomputed: '60' }],
    })
  })

  test('keeps the result beside the store, and a damaged one counts as none', async () => {
    const path = `${world.storePath}.audit.json`
    rmSync(path, { force: true })
    expect(readAudit(world.storePath)).toBeNull()
    const { stdout } = await audit(...files(), '--json')
    const kept = readAudit(world.storePath)
    expect(kept).toMatchObject(JSON.parse(stdout) as object)
    expect(kept?.finished).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    for (const text of ['{', '{"version":2}', '{"version":1,"audit":{}}']) {
      writeFileSync(path, text)
      expect(readAudit(world.storePath)).toBeNull()
    }
  })

  test('that cannot keep its result says so, and its answer stands', async () => {
    const path = `${world.storePath}.audit.json`
    rmSync(path, { force: true })
    mkdirSync(path)
    const { code, stdout, stderr } = await audit(...files())
    rmSync(path, { recursive: true })
    expect(code).toBe(0)
    expect(stdout).toContain('Equal: nothing differs.')
    expect(stderr).toMatch(/^barograph-collector: The result could not be kept in .*audit\.json/)
  })

  test.each([
    [
      'a store that is not there',
      ['--store', 'none.db', '--log', 'log.db'],
      /store at .*none\.db cannot be audited: there is no such file/,
    ],
    [
      'a store that is damaged inside',
      ['--store', 'damaged.db', '--log', 'log.db'],
      /store at .*damaged\.db cannot be audited to the end: the file is damaged/,
    ],
    ['a log that is none', ['--store', 'store.db', '--log', 'store.db'], /is not a Barograph log/],
    ['an option that does not exist', ['--stroe', 'x'], /unknown option/],
  ])('ends with 2 and one message for %s', async (_what, args, words) => {
    const { code, stdout, stderr } = await audit(...args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(words)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})
