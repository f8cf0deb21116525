// An outside MQTT broker for a chaos run, so that bridge, rolls and page can be processes of their own. On demand (a
// message from its parent) it is a bad one: batches come twice, late, in another order, or not at all although they were
// acknowledged, and receipts get lost.
import { createServer } from 'node:net'
import { Aedes, type PublishPacket } from 'aedes'
import { seeded } from '../../harness/random.ts'
import { fairMail, type Mail } from './mail.ts'

const [port = '0', seed = '1'] = process.argv.slice(2)
const random = seeded(Number(seed))
const aedes = new Aedes()
let mail: Mail = fairMail

/** Nobody subscribes to it. */
const nowhere = 'chaos/nowhere'

aedes.authorizePublish = (client, packet, done) => {
  if (client && /^barograph\/v1\/[^/]+\/up$/.test(packet.topic)) treat(packet, 'up')
  else if (client && /^barograph\/v1\/[^/]+\/down$/.test(packet.topic)) treat(packet, 'down')
  done(null)
}

function treat(packet: PublishPacket, way: 'up' | 'down'): void {
  const again = { ...packet, payload: Buffer.from(packet.payload), dup: false }
  const publish = (): void => aedes.publish(again, () => undefined)
  const isLost = random() < (way === 'up' ? mail.lost : mail.receiptsLost)
  const isLate = random() < mail.late
  if (random() < mail.doubled) setTimeout(publish, random() * 2_000)
  if (isLate) setTimeout(publish, random() * mail.lateMs)
  if (isLost || isLate) packet.topic = nowhere
}

process.on('message', (message: Partial<Mail>) => {
  mail = { ...fairMail, ...message }
})
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => undefined)

await aedes.listen()
const server = createServer((socket) => aedes.handle(socket))
server.listen(Number(port), '127.0.0.1', () => console.log('is ready'))
