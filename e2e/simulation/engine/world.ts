import type { FaultName } from '../../faults.ts'
import { type Actor, createEventQueue, type Event } from './events.ts'
import { createRandom, type Random } from './random.ts'

/** A promise of PROTOCOL.md section 9 that was broken, or a bug that showed itself otherwise. */
export type Invariant = 'once' | 'fold' | 'receipt-behind' | 'drain' | 'bounded' | 'honest' | 'crash'

/** What else has to happen, beside faults. */
export const deeds = {
  quarantined: 'an entry was quarantined',
  released: 'a quarantined entry was released',
  summarised: 'an entry came in a summary',
  lost: 'an entry was declared lost',
  refused: 'an entry was refused',
  expired: 'an entry expired',
  sealed: 'a window was sealed',
  corrected: 'the time of an entry was corrected before it was sent',
  rebuilt: 'the windows of a device were made anew beside the rolls',
  'new-log': 'the documents of a partition went over to another log',
} as const

export type Deed = keyof typeof deeds

/** Whose number it is about, when it is about one. */
export interface ReadingName {
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly seq: number
}

export class Violation extends Error {
  readonly invariant: Invariant
  readonly reading: ReadingName | null
  constructor(invariant: Invariant, message: string, reading: ReadingName | null = null) {
    super(message)
    this.invariant = invariant
    this.reading = reading
  }
}

/** Simulated time, chance, and a record of what happened. */
export interface World {
  readonly random: Random
  /** Simulated ms since the run began. */
  readonly now: () => number
  /** True after the faults have stopped: everything is to drain. */
  readonly isCalm: () => boolean
  readonly setCalm: () => void
  /** Calls `run` after a delay, if `of` is still alive then; the returned function takes that back. */
  schedule(delayMs: number, of: Actor | null, run: () => void): () => void
  /** A fault happened. */
  fault(name: FaultName, detail?: string): void
  readonly faults: ReadonlyMap<FaultName, number>
  /** Something happened that has to happen now and then, or nothing is known of it. */
  deed(name: Deed, times?: number): void
  readonly deeds: ReadonlyMap<Deed, number>
  /** Goes into the hash of the run, and into its trace when that is wanted. */
  note(line: string): void
  /** Something about single readings: kept for the life of the one that is watched. */
  about(device: string, sensor: string, epoch: string, first: number, last: number, what: string): void
  /** Ends the run. */
  violate(violation: Violation): void
  /** Runs until `isOver` says so or nothing is left to happen. */
  run(isOver: () => boolean): Promise<void>
  /** Of everything noted so far. */
  hash(): string
  readonly trace: readonly string[]
  readonly life: readonly string[]
  readonly events: () => number
}

export interface WorldOptions {
  readonly seed: number
  /** Keep every line. */
  readonly traced?: boolean
  /** Keep the life of this reading. */
  readonly watched?: ReadingName | null
}

/** Whoever acts at this moment: for what asks the machine's clock instead of the one that it was handed. */
export const acting: { wallMs: () => number } = { wallMs: () => 0 }

export function createWorld({ seed, traced = false, watched = null }: WorldOptions): World {
  const random = createRandom(seed)
  const queue = createEventQueue()
  const faults = new Map<FaultName, number>()
  const deeds = new Map<Deed, number>()
  const trace: string[] = []
  const life: string[] = []
  let now = 0
  let isCalm = false
  let violation: Violation | null = null
  let hash = 0x811c9dc5
  let happened = 0

  const stamp = (line: string): string => `${(now / 1000).toFixed(3).padStart(9)} s  ${line}`

  function note(line: string): void {
    for (let i = 0; i < line.length; i++) hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ Math.round(now * 1000), 0x01000193)
    if (traced) trace.push(stamp(line))
  }

  /** Happens, waits for whoever stands still, or is dropped with whoever is dead. */
  function happen(event: Event): boolean {
    const { of, run } = event
    if (!run || of?.alive === false) return false
    if (of && of.frozenUntil > event.at) {
      queue.again(event, of.frozenUntil)
      return false
    }
    now = event.at
    happened++
    hash = Math.imul(hash ^ (event.order & 0xffff), 0x01000193)
    run()
    return true
  }

  return {
    random,
    now: () => now,
    isCalm: () => isCalm,
    setCalm() {
      isCalm = true
      note('the faults stop')
    },
    schedule(delayMs, of, run) {
      const event = queue.add(now + Math.max(0, delayMs), of, run)
      return () => {
        event.run = null
      }
    },
    fault(name, detail = '') {
      faults.set(name, (faults.get(name) ?? 0) + 1)
      note(`FAULT ${name} ${detail}`)
    },
    faults,
    deed(name, times = 1) {
      deeds.set(name, (deeds.get(name) ?? 0) + times)
    },
    deeds,
    note,
    about(device, sensor, epoch, first, last, what) {
      if (!watched || watched.device !== device || watched.sensor !== sensor || watched.epoch !== epoch)
        return
      if (first <= watched.seq && watched.seq <= last) life.push(stamp(what))
    },
    violate(found) {
      violation ??= found
    },
    async run(isOver) {
      while (!violation && !isOver()) {
        const event = queue.next()
        if (!event) return
        // Whatever it set in motion by promises is through before the next one.
        if (happen(event)) await settled()
      }
      if (violation) throw violation
    },
    hash: () => (hash >>> 0).toString(16).padStart(8, '0'),
    trace,
    life,
    events: () => happened,
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
