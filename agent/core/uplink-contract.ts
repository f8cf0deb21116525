import { CodedError } from '@barograph/proto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Uplink } from './uplink.ts'

/** The far side of an uplink, under the test's control. */
export interface UplinkHarness {
  make(): Uplink
  /** What arrived, in order, of all connections. */
  readonly batches: readonly Uint8Array[]
  readonly statuses: readonly { readonly bytes: Uint8Array; readonly isLastWill: boolean }[]
  /** From now on messages are acknowledged, or not. */
  acknowledge(on: boolean): void
  /** Sends bytes to the device. */
  say(bytes: Uint8Array): void
  /** Breaks the connection without a goodbye. */
  cut(): void
  readonly connections: number
  close(): Promise<void>
}

/** Resolves when the condition holds; the test's own time limit ends the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** The promises of the uplink port, for every implementation. */
export function testUplink(name: string, makeHarness: () => Promise<UplinkHarness>): void {
  describe(`${name} keeps the uplink's promises`, () => {
    let harness: UplinkHarness
    let uplink: Uplink
    let events: string[]
    let received: Uint8Array[]
    beforeEach(async () => {
      harness = await makeHarness()
      events = []
      received = []
      uplink = harness.make()
    })
    afterEach(async () => {
      await uplink.close()
      await harness.close()
    })

    const start = async (): Promise<void> => {
      uplink.start({
        connected: () => events.push('connected'),
        disconnected: (reason) => events.push(`disconnected ${reason instanceof CodedError}`),
        received: (bytes) => received.push(bytes),
      })
      await until(() => events.includes('connected'))
    }
    const bytes = (...numbers: number[]): Uint8Array => Uint8Array.from(numbers)
    const same = (a: Uint8Array | undefined, b: Uint8Array): boolean => Buffer.from(a ?? []).equals(b)

    test('without a connection nothing is taken', async () => {
      await expect(uplink.send(bytes(1))).rejects.toMatchObject({ retryable: true })
      await start()
      await uplink.send(bytes(2))
      expect(harness.batches.map((one) => [...one])).toEqual([[2]])
    })

    test('send resolves after the acknowledgement, in order', async () => {
      await start()
      harness.acknowledge(false)
      let isDone = false
      const sent = uplink.send(bytes(1)).then(() => {
        isDone = true
      })
      await until(() => harness.batches.length === 1)
      expect(isDone).toBe(false)
      harness.acknowledge(true)
      await sent
      await Promise.all(Array.from({ length: 50 }, (_, i) => uplink.send(bytes(2 + i))))
      expect(harness.batches.map(([first]) => first)).toEqual(Array.from({ length: 51 }, (_, i) => 1 + i))
    })

    test('what the collector says arrives', async () => {
      await start()
      harness.say(bytes(7, 8))
      await until(() => received.length === 1)
      expect(same(received[0], bytes(7, 8))).toBe(true)
    })

    test('a connection that breaks rejects what is under way, announces the device offline, and comes again', async () => {
      await start()
      await uplink.sendStatus(bytes(5))
      harness.acknowledge(false)
      const sent = uplink.send(bytes(1))
      await until(() => harness.batches.length === 1)
      harness.cut()
      await expect(sent).rejects.toMatchObject({ retryable: true })
      harness.acknowledge(true)
      await until(() => events.length === 3)
      expect(events).toEqual(['connected', 'disconnected true', 'connected'])
      expect(harness.connections).toBe(2)
      await uplink.send(bytes(2))
      // Nothing came again by itself: the buffer decides what to repeat.
      expect(harness.batches.map((one) => [...one])).toEqual([[1], [2]])
      expect(harness.statuses.map(({ isLastWill }) => isLastWill)).toEqual([false, true])
    })

    test('closed, it stays away, without a last will', async () => {
      await start()
      await uplink.close()
      await expect(uplink.send(bytes(1))).rejects.toMatchObject({ retryable: true })
      expect(harness.statuses).toEqual([])
      expect(events).toEqual(['connected'])
    })
  })
}
