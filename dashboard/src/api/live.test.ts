import { describe, expect, it } from 'vitest'
import { createLive, type LiveState, nextDelay, type Socket } from './live.ts'

const noon = '2025-06-02T12:00:00Z'
const heartbeat = (cursor: string) => JSON.stringify({ type: 'heartbeat', cursor, now: noon })

function setUp() {
  let time = 0
  let timers: { at: number; act: () => void }[] = []
  const sockets: (Socket & {
    query: string
    sent: string[]
    open(): void
    say(text: string): void
    end(): void
  })[] = []
  const states: LiveState[] = []
  const frames: string[] = []
  const live = createLive({
    subscription: { devices: ['a'], levels: ['hour'], readings: true },
    open(query) {
      let onOpen = () => {}
      let onMessage: (text: string) => void = () => {}
      let onClose = () => {}
      const socket = {
        query,
        sent: [] as string[],
        onOpen: (act: () => void) => (onOpen = act),
        onMessage: (act: (text: string) => void) => (onMessage = act),
        onClose: (act: () => void) => (onClose = act),
        send: (text: string) => socket.sent.push(text),
        close: () => onClose(),
        open: () => onOpen(),
        say: (text: string) => onMessage(text),
        end: () => onClose(),
      }
      sockets.push(socket)
      return socket
    },
    clock: {
      now: () => time,
      after(ms, act) {
        const timer = { at: time + ms, act }
        timers.push(timer)
        return () => {
          timers = timers.filter((other) => other !== timer)
        }
      },
    },
    random: () => 0.5,
    onFrame: ({ type }) => frames.push(type),
    onState: (state) => states.push(state),
  })
  const pass = (ms: number) => {
    const end = time + ms
    for (;;) {
      const next = timers.toSorted((a, b) => a.at - b.at)[0]
      if (!next || next.at > end) break
      timers = timers.filter((other) => other !== next)
      time = next.at
      next.act()
    }
    time = end
  }
  const socket = () => {
    const last = sockets.at(-1)
    if (!last) throw new Error('no socket')
    return last
  }
  return { live, sockets, socket, states, frames, pass }
}

describe('live connection', () => {
  it('subscribes in its address and passes frames on', () => {
    const { socket, states, frames } = setUp()
    expect(socket().query).toBe('levels=hour&readings=true&devices=a')
    socket().open()
    socket().say(heartbeat('7'))
    expect(frames).toEqual(['heartbeat'])
    expect(states.map(({ phase }) => phase)).toEqual(['connecting', 'open'])
  })

  it('comes back by itself and goes on where it was', () => {
    const { socket, sockets, states, pass } = setUp()
    socket().open()
    socket().say(heartbeat('7'))
    socket().end()
    expect(states.at(-1)).toMatchObject({ phase: 'waiting', tries: 1, lostAt: 0 })
    pass(15_000)
    expect(sockets.length).toBeGreaterThan(1)
    expect(sockets[1]?.query).toContain('resume=7')
  })

  it('counts its tries until an answer comes, not until a connection opens', () => {
    const { socket, states, pass } = setUp()
    for (let i = 0; i < 3; i++) {
      socket().open()
      socket().end()
      pass(15_000)
    }
    expect(states.flatMap((state) => (state.phase === 'waiting' ? state.tries : []))).toEqual([1, 2, 3])
    socket().open()
    socket().say(heartbeat('1'))
    socket().end()
    expect(states.at(-1)).toMatchObject({ phase: 'waiting', tries: 1 })
  })

  it('takes silence beyond the heartbeat for the end', () => {
    const { socket, states, pass } = setUp()
    socket().open()
    socket().say(heartbeat('1'))
    pass(39_000)
    expect(states.at(-1)?.phase).toBe('open')
    pass(2_000)
    expect(states.at(-1)?.phase).toBe('waiting')
  })

  it('what a dead connection still says is not heard', () => {
    const { sockets, socket, frames, pass } = setUp()
    socket().open()
    socket().end()
    pass(15_000)
    sockets[0]?.say(heartbeat('9'))
    expect(frames).toEqual([])
  })

  it('tries at once when asked to, and only once', () => {
    const { live, socket, sockets, pass } = setUp()
    socket().end()
    live.tryNow()
    live.tryNow()
    expect(sockets).toHaveLength(2)
    socket().open()
    socket().say(heartbeat('1'))
    pass(15_000)
    expect(sockets).toHaveLength(2)
  })

  it('another subscription is told over the open connection, and starts anew without its token', () => {
    const { live, socket, pass } = setUp()
    socket().open()
    socket().say(heartbeat('7'))
    live.subscribe({ devices: null, levels: [], readings: false })
    expect(JSON.parse(socket().sent[0] ?? '')).toEqual({
      type: 'subscribe',
      devices: null,
      levels: [],
      readings: false,
    })
    socket().end()
    pass(15_000)
    expect(socket().query).toBe('levels=&readings=false')
  })

  it('once closed it stays closed', () => {
    const { live, sockets, pass } = setUp()
    live.close()
    pass(60_000)
    live.tryNow()
    expect(sockets).toHaveLength(1)
  })
})

describe('delay between tries', () => {
  it('is random between half a second and three times the last one, at most 15 s', () => {
    expect(nextDelay(500, () => 0)).toBe(500)
    expect(nextDelay(500, () => 1)).toBe(1500)
    expect(nextDelay(4_000, () => 1)).toBe(12_000)
    expect(nextDelay(12_000, () => 1)).toBe(15_000)
  })
})
