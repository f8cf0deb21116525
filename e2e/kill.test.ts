import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { type Agent, createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { comparableRollups, countStored } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { seeded } from './harness/random.ts'
import { eventually, sleep } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const kills = 30
const forcedKills = 6
/** Entries: every row, and one start for each run of the agent. */
const yearMs = 365 * 86_400_000
const pacedToMs = 60_000
const points = ['buckets-written', 'windows-written', 'streams-written'] as const

/** Where everything stood when the collector died, read from its files. */
function stateOf(folder: string): string {
  const number = (file: string, sql: string): number | string => {
    if (!existsSync(join(folder, file))) return 'none'
    const db = new Database(join(folder, file), { readonly: true })
    try {
      return db.prepare<[], number>(sql).pluck().get() ?? 'none'
    } catch {
      return 'not made yet'
    } finally {
      db.close()
    }
  }
  const log = number('log.db', 'SELECT count(*) FROM records')
  const checkpoint = number('store.db', 'SELECT sum(n) FROM checkpoints')
  const reach = number('store.db', 'SELECT sum(reach) FROM checkpoints')
  return `log ${log}, reach ${reach}, checkpoint ${checkpoint}`
}

/** Rows in the agent's buffer; the kill may have come before there was a file, or a table in it. */
function rowsOf(agent: Agent): number | string {
  try {
    return agent.rows()
  } catch {
    return 'no'
  }
}

async function undisturbed(): Promise<Map<string, Record<string, unknown>>> {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  const agent = createAgent({
    folder,
    name: 'newark',
    yaml: newarkYaml('newark', 'max'),
    broker: collector.broker,
  })
  agent.start()
  await eventually(
    'the year is stored',
    () => countReadings(folder) === rows.length && agent.rows() === 0,
    120_000,
  )
  await agent.stop()
  await collector.stop()
  return comparableRollups(folder)
}

/** Readings in year windows: marks are entries, but no readings. */
function countReadings(folder: string): number {
  if (!existsSync(join(folder, 'store.db'))) return 0
  return [...comparableRollups(folder).values()]
    .filter((rollup) => rollup.level === 'year')
    .reduce((sum, rollup) => sum + Number(rollup.received), 0)
}

test(`kill -9 of agent and collector, ${kills} times each, leaves each reading once and every window as undisturbed`, {
  timeout: 600_000,
}, async () => {
  const reference = await undisturbed()
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  const agent = createAgent({
    folder,
    name: 'newark',
    yaml: newarkYaml('newark', yearMs / pacedToMs),
    broker: collector.broker,
  })
  agent.start()
  const random = seeded(20_130_101)
  const states: string[] = []
  let forced = 0
  for (let i = 0; i < kills; i++) {
    await sleep(random() * 1_200)
    await agent.kill()
    states.push(`agent ${i + 1}: ${rowsOf(agent)} rows in its buffer`)
    agent.start()
    await sleep(random() * 1_200)
    await collector.kill()
    states.push(`collector ${i + 1}: ${stateOf(folder)}`)
    // Every few times it kills itself between a document's flush and the checkpoint.
    const point = i % Math.floor(kills / forcedKills) === 0 ? points[forced % points.length] : undefined
    await collector.start(point ? { BAROGRAPH_TEST_KILL_AT: `${point}:2` } : {})
    if (!point) continue
    const { signal } = await collector.process().ended
    expect(signal).toBe('SIGKILL')
    forced++
    states.push(`collector at ${point}: ${stateOf(folder)}`)
    await collector.start()
  }
  console.log(states.join('\n'))
  expect(forced).toBeGreaterThanOrEqual(5)
  await eventually(
    'the year is stored and the buffer is empty',
    () => countReadings(folder) === rows.length && agent.rows() === 0,
    180_000,
  )
  await agent.stop()
  await collector.stop()
  expect(comparableRollups(folder)).toEqual(reference)
  expect(countStored(folder)).toBeGreaterThanOrEqual(rows.length)
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
})
