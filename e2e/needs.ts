import { existsSync } from 'node:fs'

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

/** A small disk that fills up: mounting one takes root on Linux. */
export const needsSmallDisk: Need = need(
  'small-disk',
  process.platform === 'linux' && process.getuid?.() === 0,
  'run as root on Linux, to mount a small tmpfs',
)
