import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of the test's own; gone when the test is over, unless it failed: then its files may tell why. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-e2e-'))
  onTestFinished(({ task }) => {
    if (task.result?.state === 'pass') rmSync(folder, { recursive: true, force: true })
  })
  return folder
}
