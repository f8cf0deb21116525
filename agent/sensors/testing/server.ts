import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a test server does with a question. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server on loopback that answers as it is told, and remembers what it was asked. */
export interface TestServer {
  readonly url: string
  /** Paths with queries, oldest first. */
  readonly asked: URL[]
  readonly headers: IncomingMessage['headers'][]
  answer: Answer
  close(): Promise<void>
}

/** Starts a server on a free port; it answers 404 until told otherwise. */
export async function startTestServer(): Promise<TestServer> {
  const asked: URL[] = []
  const headers: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '/', 'http://127.0.0.1'))
    headers.push(request.headers)
    self.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const self: TestServer = {
    url: `http://127.0.0.1:${port}`,
    asked,
    headers,
    answer: (_request, response) => response.writeHead(404).end(),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return self
}

/** Answers JSON. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
    response.end(JSON.stringify(body))
  }
}

/** Answers any text. */
export function text(body: string, type = 'text/plain', status = 200): Answer {
  return (_request, response) => response.writeHead(status, { 'content-type': type }).end(body)
}
