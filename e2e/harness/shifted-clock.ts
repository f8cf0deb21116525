import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What an agent is told to take for the clocks of its machine (agent/machine.ts). */
interface Shift {
  /** Added to the wall clock, ms. */
  readonly wallMs: number
  /** Added to the monotonic clock, ms; read once, at the start. */
  readonly monotonicMs: number
  readonly boot: string
  readonly synchronised: 'yes' | 'no' | 'unknown'
}

/** A clock that a test sets; it holds from 50 ms after. */
export interface ShiftedClock {
  readonly env: Readonly<Record<string, string>>
  set(change: Partial<Shift>): void
}

export function createShiftedClock(folder: string, first: Partial<Shift> = {}): ShiftedClock {
  const file = join(folder, 'clock.json')
  let shift: Shift = { wallMs: 0, monotonicMs: 0, boot: 'first-boot', synchronised: 'unknown', ...first }
  const write = (): void => {
    // In one step: the agent may look at any time.
    writeFileSync(`${file}.new`, JSON.stringify(shift))
    renameSync(`${file}.new`, file)
  }
  write()
  return {
    env: { BAROGRAPH_TEST_CLOCK: file },
    set(change) {
      shift = { ...shift, ...change }
      write()
    },
  }
}
