import type { Clock } from './clock.ts'

interface Waiting {
  payload: Uint8Array
  /** Of every status that this one stands for: they are acknowledged when it is durable. */
  finish: (() => void)[]
}

/**
 * A device may say how it is as often as it likes; what is logged is the newest, at most once in an interval. The first
 * goes through at once.
 */
export function createStatusPacer({
  clock,
  intervalMs,
  append,
  conflated,
}: {
  readonly clock: Pick<Clock, 'setTimer'>
  readonly intervalMs: number
  readonly append: (device: string, payload: Uint8Array, finish: () => void) => void
  readonly conflated: () => void
}): {
  offer(device: string, payload: Uint8Array, finish: () => void): void
  /** Hands over what waits, without waiting. */
  flush(): void
} {
  /** Devices that said something within the last interval; null: nothing waits. */
  const recent = new Map<string, Waiting | null>()

  function release(device: string): void {
    const waiting = recent.get(device) ?? null
    if (waiting === null) {
      recent.delete(device)
      return
    }
    hand(device, waiting)
    rest(device)
  }

  function hand(device: string, { payload, finish }: Waiting): void {
    append(device, payload, () => {
      for (const done of finish) done()
    })
  }

  function rest(device: string): void {
    recent.set(device, null)
    clock.setTimer(intervalMs, () => release(device))
  }

  return {
    offer(device, payload, finish) {
      const waiting = recent.get(device)
      if (waiting === undefined) {
        hand(device, { payload, finish: [finish] })
        rest(device)
      } else if (waiting === null) recent.set(device, { payload, finish: [finish] })
      else {
        conflated()
        waiting.payload = payload
        waiting.finish.push(finish)
      }
    },
    flush() {
      for (const [device, waiting] of recent) {
        if (waiting === null) continue
        recent.set(device, null)
        hand(device, waiting)
      }
    },
  }
}
