import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../harness/folder.ts'
import { useStacks } from '../harness/use-stack.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'
import { runOutages } from '../proofs/outages/run.ts'

const needs = [needsMosquitto, needsKafka, needsMongodbToKill]
const title = needs.map((need) => need.title).join(' ')

describe.skipIf(!needs.every(({ isMet }) => isMet))(`engines that are away ${title}`, () => {
  const open = useStacks('services', { ownMongo: true })

  test('cost no reading, and are told of as long as they are away', { timeout: 600_000 }, async () => {
    const stack = await open({ folder: temporaryFolder() })
    const report = await runOutages({
      stack,
      outages: [
        { name: 'Mosquitto', engines: ['mosquitto'] },
        { name: 'MongoDB', engines: ['mongo'] },
        { name: 'Kafka', engines: ['kafka'] },
      ],
      devices: 5,
      rate: 10,
      calmMs: 1_000,
      awayMs: 6_000,
      say: () => {},
    })
    expect(report.problems).toEqual([])
    expect(report.accepted).toBeGreaterThan(5 * 10 * 3 * 6)
    for (const { name, noticedMs, readyAgainMs, falseReady } of report.outages) {
      expect(noticedMs, name).not.toBeNull()
      expect(readyAgainMs, name).not.toBeNull()
      expect(falseReady, name).toBe(0)
    }
  })
})
