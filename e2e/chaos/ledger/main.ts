// The ledger of a chaos run: a program that knows nothing of Barograph. It is the source that the agents' sensors read
// over HTTP; it numbers what it hands out, and has each line on the disk before it answers. So what was sent is known
// outside everything that is on trial. It ends with its parent.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
import { formatLine, type HandedOut } from './line.ts'

const [path = ''] = process.argv.slice(2)
const file = openSync(path, 'a')
const streams = new Map<string, { number: number; at: number }>()

/** -20.000 to 40.000, in no order, so that a lost or a doubled one shows in sums and extremes. */
function thousandthsOf(stream: string, number: number): number {
  return (createHash('sha256').update(`${stream} ${number}`).digest().readUInt32BE() % 60_000) - 20_000
}

function handOut(stream: string): HandedOut {
  const handedOutAt = Date.now()
  const before = streams.get(stream) ?? { number: 0, at: 0 }
  const number = before.number + 1
  // Each time once in a stream, whatever this machine's clock does.
  const at = Math.max(handedOutAt, before.at + 1)
  streams.set(stream, { number, at })
  const line: HandedOut = { stream, number, at, thousandths: thousandthsOf(stream, number), handedOutAt }
  writeSync(file, `${formatLine(line)}\n`)
  fsyncSync(file)
  return line
}

let isClosed = false

const server = createServer((request, response) => {
  if (isClosed) return response.writeHead(503).end()
  const stream = decodeURIComponent((request.url ?? '').slice(1))
  if (!/^[a-z0-9-]+\/[a-z0-9-]+$/.test(stream)) return response.writeHead(404).end()
  const { number, at, thousandths } = handOut(stream)
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ number, at, temperature: thousandths / 1000 }))
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
})
// Nothing more is handed out, so that what was can arrive.
process.on('SIGUSR2', () => {
  isClosed = true
})
process.on('SIGTERM', () => {
  closeSync(file)
  process.exit(0)
})
// Ctrl-C reaches every process of a terminal: the ledger stays until it is told.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
