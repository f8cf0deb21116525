import { expect, test } from 'vitest'
import { findViolations, importsOf } from './import-direction.ts'

const objectionsTo = (path: string, specifier: string) =>
  findViolations([{ path, text: `import { x } from '${specifier}'\n` }])

test('every way to import is seen, and nothing in a comment or a string', () => {
  const text = `
import a from 'a'
import type { B } from "b"
import {
  c,
  d,
} from './c.ts'
import './side-effect.ts'
export { e } from 'e'
export * from 'f'
const g = await import('g')
const h = require('h')
// import { no } from 'comment'
const text = "from 'string'"
`
  expect(importsOf(text).sort()).toEqual(['./c.ts', './side-effect.ts', 'a', 'b', 'e', 'f', 'g', 'h'])
})

test.each([
  ['proto imports nothing of ours', 'proto/codec.ts', '@barograph/agent/config.ts'],
  ['proto imports nothing of ours by path', 'proto/codec.ts', '../collector/core/log.ts'],
  ['the agent never sees the collector', 'agent/main.ts', '@barograph/collector/core/log.ts'],
  ['the collector never sees the agent', 'collector/ingest/mqtt.ts', '../../agent/core/sensor.ts'],
  ['not even in a test', 'collector/ingest/mqtt.test.ts', '@barograph/agent/core/sensor.ts'],
  ['the page sees only proto', 'dashboard/live.ts', '../collector/serve/messages.ts'],
  ['no program imports the whole-system tests', 'agent/main.ts', '../e2e/needs.ts'],
  ['scripts start programs, they do not import them', 'scripts/start.ts', '../agent/main.ts'],
  ['core has no files', 'agent/core/sampler.ts', 'node:fs'],
  ['core has no randomness of its own', 'collector/core/fold.ts', 'node:crypto'],
  ['core has no driver', 'collector/core/fold.ts', 'better-sqlite3'],
  ['core has no broker', 'agent/core/shipper.ts', 'mqtt'],
  ['core knows no adapter', 'collector/core/fold.ts', '../store/sqlite.ts'],
  ['core knows no main', 'collector/core/fold.ts', '../main.ts'],
  ['an adapter knows no other', 'agent/sensors/iio.ts', '../buffer/sqlite.ts'],
  ['an adapter of the collector neither', 'collector/serve/http.ts', '../store/mongo/store.ts'],
  ['an adapter does not borrow from the commands', 'collector/store/sqlite.ts', '../cli/table.ts'],
  ['an adapter does not import main', 'agent/uplink/mqtt.ts', '../main.ts'],
])('%s', (_rule, path, specifier) => {
  expect(objectionsTo(path, specifier)).toHaveLength(1)
})

test.each([
  ['agent/core/sampler.ts', '@barograph/proto'],
  ['agent/core/sampler.ts', './schedule.ts'],
  ['collector/core/windows/day.ts', 'temporal-polyfill'],
  ['collector/core/windows/day.ts', '../fold.ts'],
  ['collector/core/fold.test.ts', 'node:fs'],
  ['collector/core/store-contract.ts', 'vitest'],
  ['agent/sensors/http/read.ts', '../pointer.ts'],
  ['agent/sensors/iio.ts', '../core/sensor.ts'],
  ['agent/sensors/iio.ts', '../config.ts'],
  ['agent/uplink/mqtt.ts', 'mqtt'],
  ['collector/store/mongo.test.ts', '../log/sqlite.ts'],
  ['collector/cli/audit.ts', '../store/sqlite.ts'],
  ['collector/main.ts', './serve/http.ts'],
  ['e2e/crash.test.ts', '@barograph/agent/main.ts'],
  ['e2e/crash.test.ts', '../collector/main.ts'],
  ['dashboard/live.ts', '@barograph/proto'],
])('%s may import %s', (path, specifier) => {
  expect(objectionsTo(path, specifier)).toEqual([])
})
