import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { comparableRollups } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, run, start } from './harness/process.ts'
import { seeded } from './harness/random.ts'
import { eventually, sleep } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const yearMs = 365 * 86_400_000
const pacedToMs = 25_000

function countReadings(folder: string): number {
  if (!existsSync(join(folder, 'store.db'))) return 0
  return [...comparableRollups(folder).values()]
    .filter((rollup) => rollup.level === 'year')
    .reduce((sum, rollup) => sum + Number(rollup.received), 0)
}

test('rebuilds beside the running collector, half of them killed, change no window and hold nothing up', {
  timeout: 300_000,
}, async () => {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  const yaml = newarkYaml('newark', yearMs / pacedToMs)
  const agent = createAgent({ folder, name: 'newark', yaml, broker: collector.broker })
  agent.start()
  await eventually('the first readings are stored', () => countReadings(folder) > 0, 60_000)
  const random = seeded(4)
  let [done, killed] = [0, 0]
  for (let i = 0; countReadings(folder) < rows.length || done < 3 || killed < 3; i++) {
    if (i > 60) throw new Error(`after 60 rebuilds, ${done} done and ${killed} killed, not all is stored`)
    const process = start([collectorProgram, 'rebuild'], collector.env)
    if (i % 2 === 0) {
      // It needs some time to start: a kill within its work is what is wanted.
      await sleep(400 + random() * 800)
      process.send('SIGKILL')
    }
    const { code, signal, stderr } = await process.ended
    if (signal === 'SIGKILL') killed++
    else if (code === 0) done++
    else throw new Error(stderr)
  }
  await eventually('the buffer is empty', () => agent.rows() === 0, 60_000)
  await agent.stop()
  const dry = await run([collectorProgram, 'rebuild', '--dry-run'], collector.env)
  expect(dry.stdout).toMatch(/^newark: [\d,]+ windows equal/)
  expect(dry.code, dry.stderr).toBe(0)
  await collector.stop()
  const before = comparableRollups(folder)
  const last = await run([collectorProgram, 'rebuild', '--json'], collector.env)
  expect(JSON.parse(last.stdout)).toMatchObject({ device: 'newark', state: 'swapped', windows: before.size })
  expect(comparableRollups(folder)).toEqual(before)
  expect(countReadings(folder)).toBe(rows.length)
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
})
