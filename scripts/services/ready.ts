// Is an engine there? Asked in its own protocol, by hand: a few bytes each, so that no driver is needed here.
import { connect } from 'node:net'

const answerLimitMs = 2_000

/** Sends bytes to a port of the loopback interface and judges what comes back, until it says yes or no. */
function ask(port: number, question: Buffer, judge: (answer: Buffer) => boolean | null): Promise<boolean> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => socket.write(question))
    const end = (verdict: boolean): void => {
      socket.destroy()
      resolve(verdict)
    }
    socket.setTimeout(answerLimitMs, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes])
      const verdict = judge(answer)
      if (verdict !== null) end(verdict)
    })
  })
}

/** Metadata, version 1, of no topic. Ready when the broker counts itself among the living. */
export function isKafkaReady(port: number): Promise<boolean> {
  const body = Buffer.alloc(14)
  body.writeInt16BE(3, 0)
  body.writeInt16BE(1, 2)
  body.writeInt16BE(-1, 8)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return ask(port, Buffer.concat([size, body]), (answer) =>
    answer.length < 12 ? null : answer.readInt32BE(8) > 0,
  )
}

/** CONNECT of MQTT 3.1.1. Any CONNACK will do: who may come in is another question. */
export function isMqttReady(port: number): Promise<boolean> {
  const connectPacket = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 10, 0, 0])
  return ask(port, connectPacket, (answer) => (answer.length < 4 ? null : answer[0] === 0x20))
}

/** OP_MSG with { ping: 1, $db: "admin" }. */
export function isMongoReady(port: number): Promise<boolean> {
  const db = Buffer.concat([Buffer.from('\x02$db\0'), int32(6), Buffer.from('admin\0')])
  const fields = Buffer.concat([Buffer.from('\x10ping\0'), int32(1), db, Buffer.from([0])])
  const document = Buffer.concat([int32(fields.length + 4), fields])
  const message = Buffer.concat([int32(0), Buffer.from([0]), document])
  const header = Buffer.concat([int32(message.length + 16), int32(1), int32(0), int32(2013)])
  return ask(port, Buffer.concat([header, message]), (answer) =>
    answer.length < 16 ? null : answer.readInt32LE(12) === 2013,
  )
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** Whether anybody listens there. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
