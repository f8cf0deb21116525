import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { comparableRollups } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, run, start } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const yearMs = 365 * 86_400_000
const pacedToMs = 15_000

function countReadings(folder: string): number {
  if (!existsSync(join(folder, 'store.db'))) return 0
  return [...comparableRollups(folder).values()]
    .filter((rollup) => rollup.level === 'year')
    .reduce((sum, rollup) => sum + Number(rollup.received), 0)
}

/** Takes the newest records of every partition away, as a disk does that was restored or lied. */
function cutLog(folder: string, records: number): void {
  const db = new Database(join(folder, 'log.db'))
  try {
    const partitions = db
      .prepare<[], { partition: number; next: number }>('SELECT partition, next FROM partitions')
      .all()
    for (const { partition, next } of partitions) {
      const end = partition * 2 ** 43 + next
      db.prepare('DELETE FROM records WHERE key >= ? AND key < ?').run(end - records, end)
      db.prepare('UPDATE partitions SET next = max(0, next - ?) WHERE partition = ?').run(records, partition)
    }
  } finally {
    db.close()
  }
}

test.each([
  [
    'made anew',
    'other-log',
    (folder: string) => {
      for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `log.db${end}`), { force: true })
    },
  ],
  ['cut', 'log-cut', (folder: string) => cutLog(folder, 5)],
] as const)(
  'a log that was %s is refused, and after rebuild --new-log everything drains and the audit is clean',
  { timeout: 180_000 },
  async (_what, _code, damage) => {
    const folder = temporaryFolder()
    const collector = await createCollector({ folder })
    await collector.start()
    const yaml = newarkYaml('newark', yearMs / pacedToMs)
    const agent = createAgent({ folder, name: 'newark', yaml, broker: collector.broker })
    agent.start()
    await eventually('a part is stored', () => countReadings(folder) > 1_500, 60_000)
    await collector.kill()
    const stored = countReadings(folder)
    damage(folder)
    const refused = start([collectorProgram, 'run'], collector.env)
    const { code, stderr } = await refused.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/the store (was|is) folded/)
    expect(stderr).toContain('barograph-collector rebuild --new-log')
    const over = await run([collectorProgram, 'rebuild', '--new-log'], collector.env)
    expect(over.code, over.stderr).toBe(0)
    expect(over.stdout).toMatch(/goes on at record \d+ of the log .*\(generation 1\)/)
    expect(countReadings(folder)).toBeGreaterThanOrEqual(stored)
    await collector.start()
    await eventually(
      'the year is stored and the buffer is empty',
      () => countReadings(folder) === rows.length && agent.rows() === 0,
      90_000,
    )
    await agent.stop()
    await collector.stop()
    const audit = await collector.audit()
    expect(audit.code, audit.stdout + audit.stderr).toBe(0)
    const dry = await run([collectorProgram, 'rebuild', '--dry-run'], collector.env)
    expect(dry.stdout).toMatch(/^newark: [\d,]+ windows equal/)
  },
)
