import type { Actor } from './events.ts'
import type { World } from './world.ts'

/** A machine's clocks: the wall may be set, the other counts from boot. */
export interface Machine {
  readonly name: string
  readonly boot: string
  wallMs(): number
  monotonicMs(): number
  /** Sets the wall clock by so much. */
  jump(byMs: number): void
  /** A new boot: the monotonic clock starts again. */
  reboot(): void
  /** It was booted before, so that only the wall clock tells how old something is. */
  readonly wasRebooted: boolean
}

/** What `Date.now` is at the moment 0 of a run. */
export function createMachine(world: World, name: string, epochMs: number): Machine {
  let offsetMs = 0
  let bootedAtMs = -world.random.whole(1_000, 3_600_000)
  let boot = world.random.hex(8)
  let boots = 1
  return {
    name,
    get boot() {
      return boot
    },
    wallMs: () => Math.floor(epochMs + world.now() + offsetMs),
    monotonicMs: () => world.now() - bootedAtMs,
    jump(byMs) {
      offsetMs += byMs
    },
    get wasRebooted() {
      return boots > 1
    },
    reboot() {
      boots++
      bootedAtMs = world.now() - 1_000
      boot = world.random.hex(8)
    },
  }
}

/** A running program: everything that it does goes through here, so that it can be killed or made to stand still. */
export interface Process extends Actor {
  readonly machine: Machine
  /** Ends it without a word: whatever it waits for never comes. */
  kill(): void
  freeze(forMs: number): void
  /** Calls `run` later, unless it is dead by then. */
  later(delayMs: number, run: () => void): () => void
  /** Resolves after the delay; never, when it dies meanwhile. */
  pause(delayMs: number): Promise<void>
  /** Called when it ends; at once, when it has. */
  onEnd(run: () => void): void
  /** Called whenever it begins to stand still. */
  onFreeze(run: () => void): void
  /** In the form of the ports of agent and collector. */
  readonly clock: {
    now(): number
    monotonicMs(): number
    setTimer(delayMs: number, run: () => void): () => void
    sleep(delayMs: number, signal: AbortSignal): Promise<void>
  }
}

export function startProcess(world: World, name: string, machine: Machine): Process {
  let alive = true
  let frozenUntil = 0
  const ends: (() => void)[] = []
  const freezes: (() => void)[] = []

  const later = (delayMs: number, run: () => void): (() => void) =>
    alive ? world.schedule(delayMs, process, run) : () => {}

  const process: Process = {
    name,
    machine,
    get alive() {
      return alive
    },
    get frozenUntil() {
      return frozenUntil
    },
    kill() {
      if (!alive) return
      alive = false
      for (const run of ends.splice(0)) run()
    },
    freeze(forMs) {
      frozenUntil = Math.max(frozenUntil, world.now() + forMs)
      for (const run of freezes) run()
    },
    later,
    pause: (delayMs) => new Promise((resolve) => later(delayMs, resolve)),
    onFreeze: (run) => void freezes.push(run),
    onEnd(run) {
      if (alive) ends.push(run)
      else run()
    },
    clock: {
      now: machine.wallMs,
      monotonicMs: machine.monotonicMs,
      setTimer: later,
      sleep(delayMs, signal) {
        if (signal.aborted) return Promise.resolve()
        return new Promise((resolve) => {
          const cancel = later(delayMs, done)
          function done(): void {
            signal.removeEventListener('abort', done)
            cancel()
            resolve()
          }
          signal.addEventListener('abort', done)
        })
      },
    },
  }
  return process
}
