import { once } from 'node:events'
import { eventually } from './wait.ts'

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: { readonly sessionId?: string; readonly message?: string }
}

/**
 * Makes a program that was started with --inspect collect all its garbage, in each of its threads: the inspector can, so
 * that the program needs no way in for it.
 */
export async function collectGarbage(inspectPort: number): Promise<void> {
  const targets = (await (await fetch(`http://127.0.0.1:${inspectPort}/json/list`)).json()) as {
    webSocketDebuggerUrl: string
  }[]
  const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '')
  await once(socket, 'open')
  const answered = new Set<string>()
  const workers: string[] = []
  let id = 0
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer
    const { sessionId, message } = answer.params ?? {}
    if (answer.id !== undefined) answered.add(`${answer.id}`)
    if (answer.method === 'NodeWorker.attachedToWorker' && sessionId) workers.push(sessionId)
    if (answer.method === 'NodeWorker.receivedMessageFromWorker' && message)
      answered.add(`${sessionId} ${(JSON.parse(message) as Answer).id}`)
  })
  const ask = async (method: string, params: object = {}): Promise<void> => {
    const mine = ++id
    socket.send(JSON.stringify({ id: mine, method, params }))
    await eventually(`${method} is answered`, () => answered.has(`${mine}`), 120_000)
  }
  const collect = { id: 1, method: 'HeapProfiler.collectGarbage' }
  try {
    await ask('NodeWorker.enable', { waitForDebuggerOnStart: false })
    for (const sessionId of workers) {
      await ask('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify(collect) })
      await eventually('a thread has collected', () => answered.has(`${sessionId} ${collect.id}`), 120_000)
    }
    await ask('HeapProfiler.collectGarbage')
    await ask('NodeWorker.disable')
  } finally {
    socket.close()
  }
}
