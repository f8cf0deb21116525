import { intersect, type RangeSet, sizeOf, subtract } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { type Agent, createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { storedNumbers } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { loggedNumbers } from './harness/logged.ts'
import { eventually } from './harness/wait.ts'

const yaml = `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 250, seed: 1 }
`
// One partition and a flush now and then: each flush holds several readings, and only this device's.
const env = { BAROGRAPH_LOG_PARTITIONS: '1', BAROGRAPH_ROLLUPS_FLUSH_INTERVAL_MS: '500' }
/** The first flushes may hold nothing but settings, status and site. */
const flush = 4

function streamOf(agent: Agent) {
  const [stream] = agent.streams()
  if (!stream) throw new Error('nothing was accepted yet')
  return { ...stream, key: `${stream.sensor} ${stream.epoch}` }
}

describe('a row is not deleted before it is stored', () => {
  test.each([
    { point: 'folded', isInBuckets: false },
    { point: 'reach-raised', isInBuckets: false },
    { point: 'buckets-written', isInBuckets: true },
    { point: 'windows-written', isInBuckets: true },
    { point: 'streams-written', isInBuckets: true },
    { point: 'checkpoint-advanced', isInBuckets: true },
  ])(
    'when the collector dies at "$point": it is in the log and in the buffer, later stored once and gone',
    async ({ point, isInBuckets }) => {
      const folder = temporaryFolder()
      const collector = await createCollector({ folder, env })
      const agent = createAgent({ folder, name: 'balcony', yaml, broker: collector.broker })
      agent.start()
      await collector.start({ BAROGRAPH_TEST_KILL_AT: `${point}:${flush}` })
      const { signal, stderr } = await collector.process().ended
      expect(signal, stderr).toBe('SIGKILL')

      const { key, rows } = streamOf(agent)
      const logged = loggedNumbers(folder).get(key) ?? []
      const stored = storedNumbers(folder, 'balcony').get(key) ?? []
      const unreceipted = intersect(logged, rows)
      expect(sizeOf(unreceipted), 'rows that are in the log and in the buffer').toBeGreaterThan(0)
      expect(sizeOf(subtract(unreceipted, stored)) === 0, 'all of them are in buckets').toBe(isInBuckets)
      expect(
        subtract(subtract(logged, stored), rows),
        'logged, not stored, and gone from the buffer',
      ).toEqual([])

      await collector.start()
      await eventually(
        'the rows are gone from the buffer',
        () => intersect(unreceipted, streamOf(agent).rows).length === 0,
      )
      await agent.stop()
      const { lastSeq, rows: left } = streamOf(agent)
      const accepted: RangeSet = [1, lastSeq]
      // storedNumbers throws when a number is stored twice.
      await eventually('all that left the buffer is stored', () => {
        const now = storedNumbers(folder, 'balcony').get(key) ?? []
        return subtract(subtract(accepted, now), left).length === 0
      })
      const audit = await collector.audit()
      expect(audit.code, audit.stdout + audit.stderr).toBe(0)
      await collector.stop()
    },
  )
})
