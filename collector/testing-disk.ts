// A disk so small that a test can fill it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk {
  readonly path: string
  /** Takes all but some of its room. */
  fill(leaveBytes: number): void
  /** Gives that room back. */
  free(): void
  release(): void
}

/** A tmpfs of that size; null where mounting is not allowed. */
export function mountSmallDisk(bytes: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), 'barograph-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { stdio: 'pipe' })
  } catch {
    rmSync(path, { recursive: true, force: true })
    return null
  }
  const filler = join(path, 'filler')
  return {
    path,
    fill: (leaveBytes) => {
      const available = Number(execFileSync('stat', ['-f', '-c', '%a', path], { encoding: 'utf8' }))
      const block = Number(execFileSync('stat', ['-f', '-c', '%S', path], { encoding: 'utf8' }))
      writeFileSync(filler, Buffer.alloc(Math.max(0, available * block - leaveBytes)))
    },
    free: () => rmSync(filler, { force: true }),
    release: () => {
      execFileSync('umount', ['-l', path], { stdio: 'pipe' })
      rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Whether this machine lets us mount one. */
export function canMountSmallDisk(): boolean {
  const disk = mountSmallDisk(64 * 1024)
  disk?.release()
  return disk !== null
}
