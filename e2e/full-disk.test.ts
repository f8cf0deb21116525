import { join } from 'node:path'
import { intersect, type RangeSet, sizeOf, subtract } from '@barograph/proto'
import type { ApiReadiness } from '@barograph/proto/api'
import { describe, expect, test } from 'vitest'
import { createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { storedNumbers } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { smallDisk } from './harness/small-disk.ts'
import { eventually } from './harness/wait.ts'
import { needsSmallDisk } from './needs.ts'

const yaml = `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 50, seed: 1 }
`
const sizeMb = 16
/** Readings accepted while the disk is full. */
const keptReadings = 100
const fullWords = /full|no room|no space/i

describe.skipIf(!needsSmallDisk.isMet)(`on a full disk ${needsSmallDisk.title}`, () => {
  test.each([
    { what: 'log', variable: 'BAROGRAPH_LOG_URL' },
    { what: 'store', variable: 'BAROGRAPH_STORE_URL' },
  ])(
    'of the $what agents keep their rows, the collector says so and goes on when there is room',
    async ({ what, variable }) => {
      const folder = temporaryFolder()
      const disk = smallDisk(sizeMb)
      const storeFolder = what === 'store' ? disk.path : folder
      const collector = await createCollector({
        folder,
        env: { [variable]: `sqlite:${join(disk.path, `${what}.db`)}` },
      })
      await collector.start()
      const agent = createAgent({ folder, name: 'balcony', yaml, broker: collector.broker })
      agent.start()
      const stream = () => {
        const [only] = agent.streams()
        if (!only) throw new Error('nothing was accepted yet')
        return { ...only, key: `${only.sensor} ${only.epoch}` }
      }
      const stored = (): RangeSet => storedNumbers(storeFolder, 'balcony').get(stream().key) ?? []
      const readiness = async (): Promise<ApiReadiness & { status: number }> => {
        const answer = await fetch(`${collector.page}/readyz`)
        return { status: answer.status, ...((await answer.json()) as ApiReadiness) }
      }
      await eventually('some readings are stored', () => sizeOf(stored()) > 20)

      disk.fill(0)
      const troubled = await eventually('the collector says that it is not ready', async () => {
        const now = await readiness()
        return now.status === 503 && !now.ready ? now : null
      })
      const complaints = troubled.checks.filter(({ ok }) => !ok).map(({ detail }) => detail)
      expect(complaints.join('\n')).toMatch(fullWords)
      const { lastSeq: whenFull } = stream()
      await eventually('the agent goes on sampling', () => stream().lastSeq >= whenFull + keptReadings)
      // Rows first, store after: a row that leaves in between is stored by then.
      const { lastSeq, rows } = stream()
      expect(subtract(subtract([1, lastSeq], rows), stored()), 'neither in the buffer nor stored').toEqual([])
      expect(sizeOf(rows)).toBeGreaterThanOrEqual(keptReadings)
      expect(collector.process().isRunning()).toBe(true)
      const words = (): string[] =>
        (collector.process().stdout() + collector.process().stderr())
          .split('\n')
          .filter((line) => fullWords.test(line))
      expect(words().length, `said once:\n${words().join('\n')}`).toBe(1)

      disk.free()
      await eventually('it is ready again', async () => (await readiness()).ready)
      await eventually(
        'what waited is gone from the buffer',
        () => intersect(rows, stream().rows).length === 0,
      )
      await agent.stop()
      const { lastSeq: last, rows: left } = stream()
      await eventually(
        'every number accepted is stored or still in the buffer',
        () => subtract(subtract([1, last], stored()), left).length === 0,
      )
      const audit = await collector.audit()
      expect(audit.code, audit.stdout + audit.stderr).toBe(0)
      expect((await collector.stop()).code).toBe(0)
    },
  )
})
