import { decodeBatch, isCoded } from '@barograph/proto'
import type { Uplink } from '../core/uplink.ts'

/** An uplink that sends some batches of readings twice, as a broker or a network may. */
export interface DoublingUplink extends Uplink {
  /** Readings that were sent twice and acknowledged twice. */
  doubled(): number
}

/** `isDoubled` is asked once for each batch with readings. */
export function createDoublingUplink(inner: Uplink, isDoubled: (batch: number) => boolean): DoublingUplink {
  let batches = 0
  let doubled = 0

  async function sendAgain(bytes: Uint8Array, readings: number): Promise<void> {
    try {
      await inner.send(bytes)
      doubled += readings
    } catch (error) {
      // The connection went first: then there was no double.
      if (!isCoded(error)) throw error
    }
  }

  return {
    ...inner,
    async send(bytes) {
      const readings = readingsOf(bytes)
      const twice = readings > 0 && isDoubled(++batches)
      await inner.send(bytes)
      if (twice) void sendAgain(bytes, readings)
    },
    doubled: () => doubled,
  }
}

function readingsOf(bytes: Uint8Array): number {
  return decodeBatch(bytes).runs.reduce((sum, { times, marks }) => sum + times.length - marks.length, 0)
}
