import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from './buffer/testing.ts'
import { systemClock } from './system-clock.ts'
import { createSystemSync } from './system-sync.ts'

const path = process.env.PATH
/** Where systemd itself says that it has set the clock, nobody is asked. */
const isMarked = existsSync('/run/systemd/timesync/synchronized')
let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => {
  process.env.PATH = path
  folder.remove()
})

/** A timedatectl that prints this, and notes that it was asked. */
function tell(script: string): void {
  const file = join(folder.path, 'timedatectl')
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${join(folder.path, 'asked')}\n${script}\n`)
  chmodSync(file, 0o755)
  process.env.PATH = `${folder.path}:${path}`
}

test.skipIf(isMarked).each([
  ['yes', 'echo yes', 'yes'],
  ['no', 'echo no', 'no'],
  ['nothing that can be understood', 'echo perhaps', 'unknown'],
  ['that it cannot', 'echo yes; exit 1', 'unknown'],
])('a machine that says %s', async (_, script, expected) => {
  tell(script)
  expect(await createSystemSync(() => 0).ask()).toBe(expected)
})

test('a machine that has nobody to ask tells nothing, or has the mark of systemd', async () => {
  process.env.PATH = folder.path
  expect(await createSystemSync(() => 0).ask()).toBe(isMarked ? 'yes' : 'unknown')
})

test.skipIf(isMarked)('is not asked at each look', async () => {
  tell('echo no')
  let nowMs = 0
  const sync = createSystemSync(() => nowMs)
  await sync.ask()
  for (nowMs = 0; nowMs < 59_000; nowMs += 1_000) expect(sync.read()).toBe('no')
  tell('echo yes')
  nowMs = 61_000
  expect(sync.read()).toBe('no')
  await expect.poll(() => sync.read()).toBe('yes')
})

test('the monotonic clock never goes back, and wall minus monotonic time stays what it is', () => {
  const first = systemClock.now() - systemClock.monotonicMs()
  let before = systemClock.monotonicMs()
  for (let i = 0; i < 1_000; i++) {
    const now = systemClock.monotonicMs()
    expect(now).toBeGreaterThanOrEqual(before)
    before = now
  }
  expect(Math.abs(systemClock.now() - systemClock.monotonicMs() - first)).toBeLessThan(500)
})
