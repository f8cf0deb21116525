import type { ApiLevel, LiveFrame } from '@barograph/proto/api'

/** What the page wants to hear of. */
export interface Subscription {
  /** null: all. */
  readonly devices: readonly string[] | null
  readonly levels: readonly ApiLevel[]
  readonly readings: boolean
}

/** Where the connection stands; times by the local clock. */
export type LiveState =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  /** `tries` failed since `lostAt`; the next one starts at `nextAt`. */
  | { readonly phase: 'waiting'; readonly lostAt: number; readonly tries: number; readonly nextAt: number }

/** The live connection: one socket that comes back by itself and goes on where it was. */
export interface Live {
  subscribe(subscription: Subscription): void
  /** Ends the wait before the next try. */
  tryNow(): void
  close(): void
}

/** The part of a WebSocket that is used. */
export interface Socket {
  onOpen(act: () => void): void
  onMessage(act: (text: string) => void): void
  /** However it ends. */
  onClose(act: () => void): void
  send(text: string): void
  close(): void
}

/** Time as the connection needs it. */
export interface LiveClock {
  now(): number
  /** Returns what takes the appointment back. */
  after(ms: number, act: () => void): () => void
}

const firstDelayMs = 500
const longestDelayMs = 15_000
/** A frame comes at least every 15 s: after this long without one the connection is dead. */
const silenceLimitMs = 40_000

/** Decorrelated jitter: a random delay between the first one and three times the last one. */
export function nextDelay(lastMs: number, random: () => number): number {
  return Math.min(
    longestDelayMs,
    firstDelayMs + random() * (Math.max(firstDelayMs, lastMs) * 3 - firstDelayMs),
  )
}

/** Opens the connection and keeps it open. */
export function createLive(options: {
  subscription: Subscription
  open: (query: string) => Socket
  clock: LiveClock
  random: () => number
  onFrame: (frame: LiveFrame) => void
  onState: (state: LiveState) => void
}): Live {
  const { open, clock, random, onFrame, onState } = options
  let { subscription } = options
  let socket: Socket | null = null
  let isOpen = false
  let cursor: string | null = null
  let lostAt: number | null = null
  let tries = 0
  let delayMs = firstDelayMs
  let cancelTimer = () => {}
  let isClosed = false

  function connect(): void {
    if (tries === 0) onState({ phase: 'connecting' })
    const opened = open(queryOf(subscription, cursor))
    socket = opened
    opened.onOpen(() => {
      isOpen = true
      watch()
    })
    opened.onMessage((text) => {
      if (socket !== opened) return
      watch()
      const frame = JSON.parse(text) as LiveFrame
      if ('cursor' in frame) cursor = frame.cursor
      // Only an answer proves the connection: a proxy may open and close at once.
      lostAt = null
      tries = 0
      delayMs = firstDelayMs
      onState({ phase: 'open' })
      onFrame(frame)
    })
    opened.onClose(() => {
      if (socket === opened) lose()
    })
    watch()
  }

  function watch(): void {
    cancelTimer()
    cancelTimer = clock.after(silenceLimitMs, () => drop())
  }

  function drop(): void {
    const dead = socket
    lose()
    dead?.close()
  }

  function lose(): void {
    cancelTimer()
    socket = null
    isOpen = false
    if (isClosed) return
    lostAt ??= clock.now()
    tries += 1
    delayMs = nextDelay(delayMs, random)
    onState({ phase: 'waiting', lostAt, tries, nextAt: clock.now() + delayMs })
    cancelTimer = clock.after(delayMs, connect)
  }

  connect()
  return {
    subscribe(next) {
      subscription = next
      // The token belongs to what was subscribed before.
      cursor = null
      if (isOpen) socket?.send(JSON.stringify({ type: 'subscribe', ...next }))
    },
    tryNow() {
      if (socket || isClosed) return
      cancelTimer()
      connect()
    },
    close() {
      isClosed = true
      cancelTimer()
      socket?.close()
    },
  }
}

function queryOf({ devices, levels, readings }: Subscription, cursor: string | null): string {
  const query = new URLSearchParams({ levels: levels.join(','), readings: String(readings) })
  if (devices) query.set('devices', devices.join(','))
  if (cursor) query.set('resume', cursor)
  return query.toString()
}
