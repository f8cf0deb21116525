import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'vitest'
import type { Agent } from './harness/agent.ts'
import type { Json } from './harness/documents.ts'
import { seeded } from './harness/random.ts'
import type { Stack } from './harness/stack.ts'
import { readingsIn } from './harness/stored.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
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

/** Where everything stood when the collector died, where that can be read from its files. */
function stateOf({ kind, folder }: Stack): string {
  if (kind === 'services') return 'killed'
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

const stacks = useStacks()

async function untilStored({ stored }: Stack, agent: Agent): Promise<void> {
  await eventually(
    'the year is stored and the buffer is empty',
    async () => agent.rows() === 0 && (await readingsIn(stored)) === rows.length,
    180_000,
  )
}

async function undisturbed(): Promise<Map<string, Json>> {
  const stack = await stacks()
  const collector = await stack.collector()
  await collector.start()
  const agent = stack.agent({ name: 'newark', yaml: newarkYaml('newark', 'max') })
  agent.start()
  await eventually('the agent has begun', () => existsSync(agent.bufferPath))
  await untilStored(stack, agent)
  await agent.stop()
  await collector.stop()
  return stack.stored.rollups()
}

const title = `kill -9 of agent and collector, ${kills} times each, leaves each reading once and every window as undisturbed`

// A group in Kafka waits for a member that was killed: ten seconds each time.
testOnStack(title, { timeout: 1_200_000 }, async () => {
  const reference = await undisturbed()
  const stack = await stacks()
  const collector = await stack.collector()
  await collector.start()
  const agent = stack.agent({ name: 'newark', yaml: newarkYaml('newark', yearMs / pacedToMs) })
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
    states.push(`collector ${i + 1}: ${stateOf(stack)}`)
    // Every few times it kills itself between a document's flush and the checkpoint.
    const point = i % Math.floor(kills / forcedKills) === 0 ? points[forced % points.length] : undefined
    const starting = collector.start(point ? { BAROGRAPH_TEST_KILL_AT: `${point}:2` } : {})
    if (!point) {
      await starting
      continue
    }
    // It may come to that point before anybody saw that it was ready.
    starting.catch(() => {})
    const { signal } = await collector.process().ended
    expect(signal).toBe('SIGKILL')
    forced++
    states.push(`collector at ${point}: ${stateOf(stack)}`)
    await collector.start()
  }
  console.log(states.join('\n'))
  expect(forced).toBeGreaterThanOrEqual(5)
  await untilStored(stack, agent)
  await agent.stop()
  await collector.stop()
  expect(await stack.stored.rollups()).toEqual(reference)
  expect(await stack.stored.count()).toBeGreaterThanOrEqual(rows.length)
  await expectCleanAudit(collector)
})
