import { type FaultName } from '../../faults.ts'
import type { Weather } from '../proxy.ts'
import type { Mail } from '../broker/mail.ts'
import type { CollectorFault, Fault, Scene, SeatFault } from './fault.ts'

/** Bad weather on the line of one device for a while. */
const weather = (
  name: FaultName,
  [low, high]: readonly [number, number],
  make: (scene: Scene) => Partial<Weather>,
): SeatFault => ({
  name,
  of: 'device',
  async run(scene, { device, proxy }) {
    const ms = Math.round(scene.between(low, high))
    const bad = make(scene)
    scene.say(`${device}: ${words(bad)} for ${ms} ms`)
    proxy.set(bad)
    await scene.sleep(ms)
    proxy.heal()
  },
})

const words = (bad: Partial<Weather>): string =>
  Object.entries(bad)
    .map(([key, value]) => (value === true ? key : `${key} ${Math.round(Number(value))}`))
    .join(', ')

/** The outside broker treats messages badly for a while. */
const mail = (name: FaultName, bad: Partial<Mail>): CollectorFault => ({
  name,
  of: 'collector',
  shapes: ['split'],
  async run({ rig, say, sleep, between }) {
    const ms = Math.round(between(3_000, 10_000))
    say(`the broker: ${JSON.stringify(bad)} for ${ms} ms`)
    rig.broker?.treat(bad)
    await sleep(ms)
    rig.broker?.heal()
  },
})

export const networkFaults: readonly Fault[] = [
  weather('network-cut', [500, 8_000], () => ({ isCut: true })),
  weather('network-half-open', [2_000, 30_000], () => ({ losesUp: true, losesDown: true })),
  weather('network-half-open-down', [2_000, 30_000], () => ({ losesDown: true })),
  weather('network-delayed', [3_000, 10_000], ({ between }) => ({ delayMs: between(50, 1_500) })),
  weather('network-slow', [3_000, 10_000], ({ between }) => ({ bytesPerSecond: between(300, 3_000) })),
  weather('bytes-dropped', [1_000, 4_000], ({ between }) => ({
    closesAfterBytes: Math.floor(between(1, 2_000)),
  })),
  mail('message-doubled', { doubled: 0.5 }),
  mail('message-late', { late: 0.3, lateMs: 8_000 }),
  mail('messages-reordered', { late: 0.5, lateMs: 500 }),
  mail('message-lost', { lost: 0.2 }),
  mail('receipt-lost', { receiptsLost: 0.5 }),
]
