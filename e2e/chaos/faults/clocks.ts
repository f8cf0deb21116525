import type { FaultName } from '../../faults.ts'
import { type Fault, onTrial, type SeatFault } from './fault.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
/** How long a clock is wrong. */
const wrongMs = [3_000, 12_000] as const

/** Minutes as often as months. */
const leap = (random: () => number): number => {
  const [least, most] = [10 * minuteMs, 500 * dayMs]
  return Math.round(least * (most / least) ** random())
}

/** Somebody, or a fault, sets the wall clock of a machine; later it is set right again. */
const clockSet = (name: FaultName, sign: 1 | -1): SeatFault => ({
  name,
  of: 'device',
  async run({ random, between, sleep, say }, { device, clock, isSynchronised }) {
    const wallMs = sign * leap(random)
    const ms = Math.round(between(...wrongMs))
    say(`${device}: the clock is ${(wallMs / dayMs).toFixed(2)} days off for ${ms} ms`)
    clock.set({ wallMs, synchronised: 'no' })
    await sleep(ms)
    clock.set({ wallMs: 0, synchronised: isSynchronised ? 'yes' : 'unknown' })
  },
})

/** The machine starts anew without a clock of its own, and finds the time later. */
const clockLost: SeatFault = {
  name: 'clock-lost',
  of: 'device',
  async run({ random, between, sleep, say, witness }, seat) {
    const wallMs = -leap(random)
    await onTrial(seat.program, async () => {
      await seat.program.kill()
      witness(seat)
      say(`${seat.device}: starts anew, its clock ${(-wallMs / dayMs).toFixed(2)} days behind`)
      seat.clock.set({
        wallMs,
        boot: `boot-${Math.floor(random() * 2 ** 31)}`,
        // Its monotonic clock begins again, too.
        monotonicMs: -Math.floor(Number(process.hrtime.bigint() / 1_000_000n)) + 1_000,
        synchronised: 'no',
      })
      await seat.program.start()
    })
    await sleep(between(...wrongMs))
    seat.clock.set({ wallMs: 0, synchronised: seat.isSynchronised ? 'yes' : 'unknown' })
  },
}

export const clockFaults: readonly Fault[] = [
  clockSet('clock-forward', 1),
  clockSet('clock-back', -1),
  clockLost,
]
