import { expect, test } from 'vitest'
import { temporaryFolder } from './harness/folder.ts'
import { runOffline } from './proofs/offline-run.ts'

const seconds = 900
const sensors = 5
const backfillPerSecond = 400

test('a device that was away backfills while live readings overtake the backlog, and every window is right', {
  timeout: 240_000,
}, async () => {
  const report = await runOffline({
    folder: temporaryFolder(),
    seconds,
    sensors,
    backfillPerSecond,
    limitMs: 180_000,
    say: () => undefined,
  })
  expect(report).toMatchObject({
    backlog: seconds * sensors,
    storedOnce: seconds * sensors,
    liveOutOfOrder: 0,
    wrongWindows: [],
    audit: '',
  })
  expect(report.live, 'live entries before the backlog was over').toBeGreaterThan(3)
  // No more at once than a batch and what one second allows, and never most of the backlog before anything live.
  expect(report.longestStretch).toBeLessThan((seconds * sensors) / 2)
})
