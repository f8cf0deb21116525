import { expect } from 'vitest'
import { collectorProgram, run, start } from './harness/process.ts'
import { seeded } from './harness/random.ts'
import { readingsIn } from './harness/stored.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually, sleep } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const yearMs = 365 * 86_400_000
const pacedToMs = 25_000

const stacks = useStacks()

const title =
  'rebuilds beside the running collector, half of them killed, change no window and hold nothing up'

testOnStack(title, { timeout: 1_200_000 }, async () => {
  const stack = await stacks()
  const { stored } = stack
  const collector = await stack.collector()
  await collector.start()
  const yaml = newarkYaml('newark', yearMs / pacedToMs)
  const agent = stack.agent({ name: 'newark', yaml })
  agent.start()
  await eventually('the first readings are stored', async () => (await readingsIn(stored)) > 0, 60_000)
  const random = seeded(4)
  let [done, killed] = [0, 0]
  for (let i = 0; (await readingsIn(stored)) < rows.length || done < 3 || killed < 3; i++) {
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
  const before = await stored.rollups()
  const last = await run([collectorProgram, 'rebuild', '--json'], collector.env)
  expect(JSON.parse(last.stdout)).toMatchObject({ device: 'newark', state: 'swapped', windows: before.size })
  expect(await stored.rollups()).toEqual(before)
  expect(await readingsIn(stored)).toBe(rows.length)
  await expectCleanAudit(collector)
})
