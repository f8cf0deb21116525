import { existsSync } from 'node:fs'
import { canMountSmallDisk } from '../collector/testing-disk.ts'

/** What some suites need of the machine, and how to get it. A test that lacks it says so in its title. */
export interface Need {
  readonly isMet: boolean
  /** For the title of a test or group: `[needs NAME: how to get it]`. */
  readonly title: string
}

const need = (name: string, isMet: boolean, how: string): Need => ({
  isMet,
  title: `[needs ${name}: ${how}]`,
})

/** Debian's Chromium, or the one that CHROMIUM names. */
export const chromiumPath: string = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const needsChromium: Need = need(
  'chromium',
  existsSync(chromiumPath),
  'apt-get install chromium, or name one in CHROMIUM',
)

const canMount = process.platform === 'linux' && canMountSmallDisk()

/** A small disk that fills up. */
export const needsSmallDisk: Need = need(
  'small-disk',
  canMount,
  'run on Linux as root that may mount a tmpfs',
)

/** A folder that cannot be written. */
export const needsShutFolder: Need = need(
  'shut-folder',
  canMount || process.getuid?.() !== 0,
  'run as anyone but root, or as root that may mount a tmpfs',
)
