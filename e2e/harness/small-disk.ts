import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { mountSmallDisk, type SmallDisk } from '../../collector/testing-disk.ts'
import { temporaryFolder } from './folder.ts'

/** A disk in memory, gone when the test is over. */
export function smallDisk(sizeMb: number): SmallDisk {
  const disk = mountSmallDisk(sizeMb * 2 ** 20)
  if (!disk) throw new Error('a small disk cannot be mounted here')
  onTestFinished(() => disk.release())
  return disk
}

/** A folder that nobody may write to: root is bound by a read-only disk only. */
export function shutFolder(): string {
  if (process.getuid?.() !== 0) {
    const folder = temporaryFolder()
    chmodSync(folder, 0o555)
    onTestFinished(() => chmodSync(folder, 0o755))
    return folder
  }
  const { path } = smallDisk(1)
  execFileSync('mount', ['-o', 'remount,ro', path])
  return path
}
