import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { comparableRollups } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { collectorProgram, run } from './harness/process.ts'
import { eventually } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()

type Rollups = ReturnType<typeof comparableRollups>

const years = (rollups: Rollups) => [...rollups.values()].filter((rollup) => rollup.level === 'year')
const readingsIn = (folder: string): number =>
  existsSync(join(folder, 'store.db'))
    ? years(comparableRollups(folder)).reduce((sum, { received }) => sum + Number(received), 0)
    : 0
const zonesOf = (folder: string): string[] => [
  ...new Set([...comparableRollups(folder).values()].map(({ timeZone }) => String(timeZone))),
]

test('a change of site back into stored times is recomputed by the running collector, and sites undo takes it back', {
  timeout: 420_000,
}, async () => {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  const home = newarkYaml('newark', 'max')
  const first = createAgent({ folder, name: 'newark', yaml: home, broker: collector.broker })
  first.start()
  await eventually('the year is stored', () => readingsIn(folder) === rows.length, 120_000)
  await first.stop()
  const before = comparableRollups(folder)

  const yaml = home.replace('timeZone: America/New_York', 'timeZone: Europe/Berlin, validFrom: 2013-06-01')
  expect(yaml).not.toBe(home)
  const moved = createAgent({ folder, name: 'newark', yaml, broker: collector.broker })
  moved.start()
  await eventually('the windows since then are cut anew', () => zonesOf(folder).length === 2, 120_000)
  await moved.stop()
  const after = comparableRollups(folder)
  const change = Date.parse('2013-05-31T22:00:00Z')
  expect(
    years(after)
      .filter(({ start }) => Number(start) < Date.UTC(2013, 11, 31))
      .map(({ start, end, timeZone }) => [start, end, timeZone]),
  ).toEqual([
    [Date.parse('2013-01-01T05:00:00Z'), change, 'America/New_York'],
    [change, Date.parse('2013-12-31T23:00:00Z'), 'Europe/Berlin'],
  ])
  expect(readingsIn(folder)).toBe(rows.length)
  const clean = await collector.audit()
  expect(clean.code, clean.stdout + clean.stderr).toBe(0)

  const sites = await run([collectorProgram, 'sites', 'list', 'newark'], collector.env)
  expect(sites.stdout.trim().split('\n')).toHaveLength(2)
  expect(sites.stdout).toMatch(
    /America\/New_York, from the beginning\n.*Europe\/Berlin, from 2013-05-31T22:00/,
  )
  const undone = await run([collectorProgram, 'sites', 'undo', 'newark'], collector.env)
  expect(undone.code, undone.stderr).toBe(0)
  await eventually('all is as it was', () => zonesOf(folder).join() === 'America/New_York', 120_000)
  await collector.stop()
  expect(comparableRollups(folder)).toEqual(before)
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
  const stranger = await run([collectorProgram, 'sites', 'undo', 'attic'], collector.env)
  expect([stranger.code, stranger.stderr]).toEqual([
    1,
    expect.stringContaining('Nothing is stored of a device attic'),
  ])
})
