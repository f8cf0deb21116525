import type { ApiDevices, ApiReading, ApiReadings, ApiRollups } from '@barograph/proto/api'
import { expect } from 'vitest'
import type { Collector } from './harness/collector.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually } from './harness/wait.ts'
import { newarkYaml } from './newark/agent-yaml.ts'
import { expectedRollups } from './newark/expected.ts'
import { readRows } from './newark/rows.ts'

const rows = readRows()
const stacks = useStacks()
const sensor = '/api/v1/devices/newark/sensors/airport'

async function allOf<T>(
  collector: Collector,
  path: string,
  itemsOf: (page: { cursor: string | null }) => T[],
): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { cursor: string | null } = await collector.get(
      `${path}&limit=1000${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    )
    items.push(...itemsOf(page))
    cursor = page.cursor
  }
  return items
}

const title =
  'every row of Newark 2013 is stored once, and every window equals a recomputation straight from the CSV'

testOnStack(title, { timeout: 300_000 }, async () => {
  const stack = await stacks()
  const collector = await stack.collector()
  await collector.start()
  const agent = stack.agent({ name: 'newark', yaml: newarkYaml('newark', 'max') })
  agent.start()
  await eventually(
    'the year is stored and the buffer is empty',
    () => (agent.process().isRunning() ? agent.rows() === 0 : null),
    5_000,
  ).catch(() => undefined)
  await eventually(
    'the last row is stored',
    async () => {
      const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
      return devices[0]?.newest === '2013-12-30T23:00:00Z' && agent.rows() === 0
    },
    240_000,
  )

  const entries = await allOf(
    collector,
    `${sensor}/readings?from=2012-12-01T00:00:00Z&to=2014-02-01T00:00:00Z`,
    (page) => (page as ApiReadings).readings,
  )
  const readings = entries.filter((entry): entry is ApiReading => entry.kind === 'reading')
  expect(readings.map((reading) => Date.parse(reading.time))).toEqual(rows.map((row) => row.time))
  expect(readings.map((reading) => reading.values)).toEqual(
    rows.map((row) =>
      Object.fromEntries(Object.entries(row.values).map(([metric, value]) => [metric, Number(value) / 1000])),
    ),
  )
  expect(
    readings.filter((reading) => reading.flags?.windSpeed?.invalid).map((reading) => reading.time),
  ).toEqual(['2013-02-12T08:00:00Z'])

  for (const level of ['hour', 'day', 'week', 'month', 'year'] as const) {
    const rollups = await allOf(
      collector,
      `${sensor}/rollups?level=${level}&from=2012-12-01T00:00:00Z&to=2014-02-01T00:00:00Z`,
      (page) => (page as ApiRollups).rollups,
    )
    const shown = rollups.map(({ revision: _, open: __, ...rollup }) => rollup)
    expect(shown, level).toEqual(expectedRollups(rows, level))
  }
  await expectCleanAudit(collector)
  expect((await agent.stop()).code).toBe(0)
  expect((await collector.stop()).code).toBe(0)
})
