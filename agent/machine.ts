import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock } from './core/clock.ts'
import type { SystemSync } from './core/time/timekeeper.ts'
import { systemClock } from './system-clock.ts'
import { createSystemSync, type SystemSyncReader } from './system-sync.ts'

/** The clocks of the machine that an agent runs on. */
export interface Machine {
  /** Its own clock, which may be wrong. */
  readonly clock: Clock
  /** Names this boot: monotonic times compare within one. */
  readonly boot: string
  /** What it says of its clock. */
  readonly sync: SystemSyncReader
}

/** This machine; or, for tests from outside, one whose clock is as the file named by BAROGRAPH_TEST_CLOCK says. */
export function thisMachine(environment: Readonly<Record<string, string | undefined>>): Machine {
  const file = environment.BAROGRAPH_TEST_CLOCK
  if (file) return shiftedMachine(file)
  return { clock: systemClock, boot: bootId(), sync: createSystemSync(() => systemClock.monotonicMs()) }
}

/** Where the system has no name for this boot, this process stands for it. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return randomBytes(8).toString('hex')
  }
}

/** What the file of a test says: it may change at any time, and holds until it does. */
interface Shift {
  /** Added to the machine's clocks. */
  readonly wallMs: number
  readonly monotonicMs: number
  readonly boot: string
  readonly synchronised: SystemSync
}

/** Between looks into the file. */
const lookMs = 50

function shiftedMachine(file: string): Machine {
  const read = (): Shift => JSON.parse(readFileSync(file, 'utf8')) as Shift
  const { boot, monotonicMs: bootShiftMs } = read()
  let shift = read()
  let lookedAtMs = systemClock.monotonicMs()

  function current(): Shift {
    const nowMs = systemClock.monotonicMs()
    if (nowMs - lookedAtMs >= lookMs) {
      lookedAtMs = nowMs
      shift = read()
    }
    return shift
  }

  return {
    clock: {
      ...systemClock,
      now: () => systemClock.now() + current().wallMs,
      monotonicMs: () => systemClock.monotonicMs() + bootShiftMs,
    },
    boot,
    sync: { read: () => current().synchronised, ask: async () => current().synchronised },
  }
}
