import { createServer, type Socket } from 'node:net'

/** What a client said of itself when it connected. */
export interface Connect {
  readonly clientId: string
  readonly keepaliveS: number
  readonly protocolLevel: number
  readonly isClean: boolean
  readonly username: string | null
  readonly password: string | null
  readonly will: {
    readonly topic: string
    readonly payload: Buffer
    readonly qos: number
    readonly retain: boolean
  } | null
}

export interface Publish {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: number
  readonly retain: boolean
  readonly isDuplicate: boolean
  readonly isLastWill: boolean
}

/**
 * As much of an MQTT 3.1.1 broker (OASIS, 2014) as one client of ours needs, and under a test's control: the agent does
 * not depend on a real one.
 */
export async function startTinyBroker({ connack = 0 }: { connack?: number } = {}) {
  const connects: Connect[] = []
  const publishes: Publish[] = []
  const sockets = new Set<Socket>()
  let isAcknowledging = true
  let unacknowledged: (() => void)[] = []
  let answer = connack

  const server = createServer((socket) => {
    sockets.add(socket)
    let rest = Buffer.alloc(0)
    let connect: Connect | null = null
    let isGoodbye = false
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      const will = connect?.will
      if (will && !isGoodbye) publishes.push({ ...will, isDuplicate: false, isLastWill: true })
    })
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (let packet = cut(rest); packet; packet = cut(rest)) {
        rest = rest.subarray(packet.length)
        const { kind, flags, body } = packet
        if (kind === 1) {
          connect = readConnect(body)
          connects.push(connect)
          socket.write(Buffer.from([0x20, 2, 0, answer]))
        } else if (kind === 3) {
          const { publish, id } = readPublish(flags, body)
          publishes.push(publish)
          const acknowledge = (): void => {
            if (id) socket.write(Buffer.concat([Buffer.from([0x40, 2]), id]))
          }
          if (isAcknowledging) acknowledge()
          else unacknowledged.push(acknowledge)
        } else if (kind === 8)
          socket.write(Buffer.concat([Buffer.from([0x90, 3]), body.subarray(0, 2), Buffer.from([1])]))
        else if (kind === 12) socket.write(Buffer.from([0xd0, 0]))
        else if (kind === 14) isGoodbye = true
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `mqtt://127.0.0.1:${port}`,
    connects,
    publishes,
    answerConnects(code: number): void {
      answer = code
    },
    acknowledge(on: boolean): void {
      isAcknowledging = on
      if (on) for (const acknowledge of unacknowledged.splice(0)) acknowledge()
    },
    publish(topic: string, payload: Uint8Array): void {
      const name = Buffer.from(topic)
      const body = Buffer.concat([Buffer.from([name.length >> 8, name.length & 255]), name, payload])
      for (const socket of sockets) socket.write(Buffer.concat([Buffer.from([0x30, body.length]), body]))
    },
    cut(): void {
      unacknowledged = []
      for (const socket of sockets) socket.destroy()
    },
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The first whole packet; null: not all of it is here. */
function cut(bytes: Buffer): { kind: number; flags: number; body: Buffer; length: number } | null {
  let length = 0
  let at = 1
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[at++]
    if (byte === undefined) return null
    length += (byte & 127) * factor
    if (byte < 128) break
  }
  if (bytes.length < at + length) return null
  const head = bytes[0] ?? 0
  return { kind: head >> 4, flags: head & 15, body: bytes.subarray(at, at + length), length: at + length }
}

function readConnect(body: Buffer): Connect {
  let at = 0
  const field = (): Buffer => {
    const length = body.readUInt16BE(at)
    at += 2 + length
    return body.subarray(at - length, at)
  }
  field()
  const protocolLevel = body.readUInt8(at)
  const flags = body.readUInt8(at + 1)
  const keepaliveS = body.readUInt16BE(at + 2)
  at += 4
  const clientId = field().toString()
  const hasWill = (flags & 4) !== 0
  const will = hasWill
    ? { topic: field().toString(), payload: field(), qos: (flags >> 3) & 3, retain: (flags & 32) !== 0 }
    : null
  return {
    clientId,
    keepaliveS,
    protocolLevel,
    isClean: (flags & 2) !== 0,
    will,
    username: flags & 128 ? field().toString() : null,
    password: flags & 64 ? field().toString() : null,
  }
}

function readPublish(flags: number, body: Buffer): { publish: Publish; id: Buffer | null } {
  const qos = (flags >> 1) & 3
  const end = 2 + body.readUInt16BE(0)
  const id = qos > 0 ? body.subarray(end, end + 2) : null
  return {
    id,
    publish: {
      topic: body.subarray(2, end).toString(),
      payload: Buffer.from(body.subarray(end + (id ? 2 : 0))),
      qos,
      retain: (flags & 1) !== 0,
      isDuplicate: (flags & 8) !== 0,
      isLastWill: false,
    },
  }
}
