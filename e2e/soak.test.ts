import { expect, test } from 'vitest'
import { temporaryFolder } from './harness/folder.ts'
import { runSoak } from './proofs/soak-run.ts'

test('a part of a day passes quickly through agent and collector, and their memory can be looked at', {
  timeout: 240_000,
}, async () => {
  const daySeconds = 600
  const sensors = 2
  const report = await runSoak({
    folder: temporaryFolder(),
    daySeconds,
    realSeconds: 10,
    sensors,
    looks: 2,
    say: () => undefined,
  })
  expect(report).toMatchObject({ stored: daySeconds * sensors, wrongWindows: 0, audit: '' })
  for (const { agentMb, collectorMb } of report.samples) {
    expect(agentMb).toBeGreaterThan(20)
    expect(collectorMb).toBeGreaterThan(20)
  }
})
