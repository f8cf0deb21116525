import { parentPort, workerData } from 'node:worker_threads'
import { isCoded } from '@barograph/proto'
import type { FromThread, LogLevel, ProgramState, ThreadData, ToThread } from './messages.ts'

type Say = (fields: object, message: string) => void

/** What a role can do from inside its thread. */
export interface Thread extends ThreadData {
  readonly send: (message: FromThread) => void
  readonly log: Readonly<Record<LogLevel, Say>>
  /** The role cannot go on: coded errors end the program with their words, others crash it. */
  readonly fail: (error: unknown) => void
}

/** A role at work. */
export interface RunningRole {
  readonly address: string | null
  state(): ProgramState
  receive(message: ToThread): void
  /** Ends it in good order. */
  stop(): Promise<void>
}

/** How often a thread says how it is. */
const stateIntervalMs = 1_000

/** Runs a role in this worker thread until it is told to stop. */
export function runThread(start: (thread: Thread) => Promise<RunningRole>): void {
  if (!parentPort) throw new Error('this file is the start of a worker thread')
  const port = parentPort
  const data = workerData as ThreadData
  const send = (message: FromThread): void => port.postMessage(message)
  const say =
    (level: LogLevel): Say =>
    (fields, message) =>
      send({ type: 'log', level, fields, message })
  const fail = (error: unknown): void => {
    if (!isCoded(error)) {
      // Out of every promise, so that it is the crash that it is.
      setImmediate(() => {
        throw error
      })
      return
    }
    const { code, message, retryable, hint } = error
    send({ type: 'failed', failure: { code, message, retryable, hint } })
  }

  async function run(): Promise<void> {
    const early: ToThread[] = []
    // Nothing has been taken yet: a role that is told to stop while it starts may just end.
    let receive = (message: ToThread): void => {
      if (message.type === 'stop') process.exit()
      early.push(message)
    }
    port.on('message', (message: ToThread) => receive(message))
    const role = await start({
      ...data,
      send,
      log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
      fail,
    })
    const tell = (): void => send({ type: 'state', state: role.state() })
    const timer = setInterval(tell, stateIntervalMs)
    let isStopping = false
    receive = (message) => {
      if (message.type !== 'stop') return role.receive(message)
      if (isStopping) return
      isStopping = true
      clearInterval(timer)
      role.stop().then(() => {
        send({ type: 'stopped' })
        port.close()
      }, fail)
    }
    tell()
    send({ type: 'ready', address: role.address })
    for (const message of early) receive(message)
  }

  run().catch(fail)
}
