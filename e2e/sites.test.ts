import { expect } from 'vitest'
import type { Json } from './harness/documents.ts'
import { collectorProgram, run } from './harness/process.ts'
import { readingsIn } from './harness/stored.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()

const stacks = useStacks()

const zonesOf = (rollups: ReadonlyMap<string, Json>): string[] => [
  ...new Set([...rollups.values()].map(({ timeZone }) => String(timeZone))),
]

const title =
  'a change of site back into stored times is recomputed by the running collector, and sites undo takes it back'

testOnStack(title, { timeout: 900_000 }, async () => {
  const stack = await stacks()
  const { stored } = stack
  const collector = await stack.collector()
  await collector.start()
  const home = newarkYaml('newark', 'max')
  const first = stack.agent({ name: 'newark', yaml: home })
  first.start()
  await eventually('the year is stored', async () => (await readingsIn(stored)) === rows.length, 300_000)
  await first.stop()
  const before = await stored.rollups()

  const yaml = home.replace('timeZone: America/New_York', 'timeZone: Europe/Berlin, validFrom: 2013-06-01')
  expect(yaml).not.toBe(home)
  const moved = stack.agent({ name: 'newark', yaml })
  moved.start()
  await eventually(
    'the windows since then are cut anew',
    async () => zonesOf(await stored.rollups()).length === 2,
    120_000,
  )
  await moved.stop()
  const after = await stored.rollups()
  const change = Date.parse('2013-05-31T22:00:00Z')
  expect(
    [...after.values()]
      .filter(({ level, start }) => level === 'year' && Number(start) < Date.UTC(2013, 11, 31))
      .map(({ start, end, timeZone }) => [start, end, timeZone]),
  ).toEqual([
    [Date.parse('2013-01-01T05:00:00Z'), change, 'America/New_York'],
    [change, Date.parse('2013-12-31T23:00:00Z'), 'Europe/Berlin'],
  ])
  expect(await readingsIn(stored)).toBe(rows.length)
  await expectCleanAudit(collector)

  const sites = await run([collectorProgram, 'sites', 'list', 'newark'], collector.env)
  expect(sites.stdout.trim().split('\n')).toHaveLength(2)
  expect(sites.stdout).toMatch(
    /America\/New_York, from the beginning\n.*Europe\/Berlin, from 2013-05-31T22:00/,
  )
  const undone = await run([collectorProgram, 'sites', 'undo', 'newark'], collector.env)
  expect(undone.code, undone.stderr).toBe(0)
  await eventually(
    'all is as it was',
    async () => zonesOf(await stored.rollups()).join() === 'America/New_York',
    120_000,
  )
  await collector.stop()
  expect(await stored.rollups()).toEqual(before)
  await expectCleanAudit(collector)
  const stranger = await run([collectorProgram, 'sites', 'undo', 'attic'], collector.env)
  expect([stranger.code, stranger.stderr]).toEqual([
    1,
    expect.stringContaining('Nothing is stored of a device attic'),
  ])
})
