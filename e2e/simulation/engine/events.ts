/** Something that happens at a moment of simulated time. */
export interface Event {
  /** Simulated ms since the run began. */
  at: number
  /** Events of one moment happen in the order in which they were asked for. */
  readonly order: number
  /** Whose it is: it waits while that one stands still, and never happens when that one is dead; null: the world's. */
  readonly of: Actor | null
  run: (() => void) | null
}

/** Whoever acts: a process. */
export interface Actor {
  readonly name: string
  /** False: it died, and nothing that it had set in motion goes on. */
  readonly alive: boolean
  /** It stands still until then, simulated ms. */
  readonly frozenUntil: number
}

/** The events that are still to happen, the soonest first: a binary heap. */
export function createEventQueue() {
  const heap: Event[] = []
  let order = 0

  const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

  function up(from: number): void {
    let i = from
    const event = heap[i] as Event
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break
      heap[i] = heap[parent] as Event
      i = parent
    }
    heap[i] = event
  }

  function down(): void {
    let i = 0
    const event = heap[0] as Event
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!isBefore(heap[child] as Event, event)) break
      heap[i] = heap[child] as Event
      i = child
    }
    heap[i] = event
  }

  function push(event: Event): void {
    heap.push(event)
    up(heap.length - 1)
  }

  return {
    add(at: number, of: Actor | null, run: () => void): Event {
      const event = { at, order: order++, of, run }
      push(event)
      return event
    },
    /** Puts one back that had to wait. */
    again(event: Event, at: number): void {
      event.at = at
      push(event)
    },
    next(): Event | null {
      const first = heap[0]
      if (!first) return null
      const last = heap.pop() as Event
      if (heap.length > 0) {
        heap[0] = last
        down()
      }
      return first
    },
    get size() {
      return heap.length
    },
  }
}
