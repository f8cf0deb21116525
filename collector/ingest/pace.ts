import type { Clock } from '../core/clock.ts'
import { createTokenBuckets } from '../core/token-bucket.ts'
import type { BrokerLimits } from './limits.ts'

/**
 * Holds back what a device sends faster than it may: its messages wait, in order, and with them their
 * acknowledgements. aedes reads no more from a connection while what it read is not done, so what waits is bounded.
 */
export function createPace(
  limits: BrokerLimits,
  clock: Clock,
): {
  /** Resolves when a message of so many bytes may go on; null: at once. */
  wait(device: string, bytes: number): Promise<void> | null
} {
  const { connections: maxKeys } = limits
  const messages = createTokenBuckets({ ...limits.messagesOfDevice, maxKeys })
  const volume = createTokenBuckets({ ...limits.bytesOfDevice, maxKeys })
  /** The last one that waits, by device. */
  const last = new Map<string, Promise<void>>()

  return {
    wait(device, bytes) {
      const nowMs = clock.monotonicMs()
      const delayMs = Math.max(messages.take(device, 1, nowMs), volume.take(device, bytes, nowMs))
      const before = last.get(device)
      if (delayMs === 0 && !before) return null
      const own = new Promise<void>((resolve) => void clock.setTimer(delayMs, resolve))
      const turn = Promise.all([before, own]).then(() => {
        if (last.get(device) === turn) last.delete(device)
      })
      last.set(device, turn)
      return turn
    },
  }
}
