import { Worker } from 'node:worker_threads'
import { writesFiles } from '../config/files.ts'
import type { Config } from '../config/index.ts'
import type {
  FromThread,
  LogLevel,
  ProgramState,
  RoleName,
  ThreadData,
  ThreadName,
  ToThread,
} from './messages.ts'
import { ThreadFailure } from './thread-error.ts'

/** Threads that do not end in good order within these times are ended without; what they held comes again. */
export const stopLimits = {
  rollMs: 3_000,
  othersMs: 2_500,
  /** Of one that is starting still. It ends as soon as it listens; torn out of loading SQLite, it would take all down (SIGABRT). */
  startingMs: 30_000,
} as const

export interface Supervisor {
  /** Where each thread can be reached, once all of them work. Rejects when one cannot start. */
  readonly ready: Promise<Readonly<Partial<Record<ThreadName, string>>>>
  /** Rejects when a thread dies; never resolves before `stop`. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly config: Config
  readonly roles: readonly RoleName[]
  readonly partitions: readonly number[] | null
  readonly version: string
  readonly log: (thread: ThreadName, level: LogLevel, fields: object, message: string) => void
}

interface Child {
  readonly name: ThreadName
  readonly worker: Worker
  state: ProgramState
  address: string | null
  isReady: boolean
  hasStopped: boolean
  readonly gone: Promise<void>
}

const files: Readonly<Record<ThreadName, URL>> = {
  ingest: new URL('./ingest-thread.ts', import.meta.url),
  roll: new URL('./roll-thread.ts', import.meta.url),
  serve: new URL('./serve-thread.ts', import.meta.url),
  files: new URL('./files-thread.ts', import.meta.url),
}

/** The threads that these roles need. */
export function threadsOf(roles: readonly RoleName[], { files }: Pick<Config, 'files'>): ThreadName[] {
  const threads: ThreadName[] = []
  if (roles.includes('bridge')) threads.push('ingest')
  if (roles.includes('roll')) threads.push('roll')
  if (roles.includes('serve')) threads.push('serve')
  if (roles.includes('roll') && writesFiles(files)) threads.push('files')
  return threads
}

const starting = (role: string) => ({ role, ok: false, detail: 'starting' })

/** Starts a thread for each part of the program, passes messages between them, and ends them in order. */
export function startRoles({ config, roles, partitions, version, log }: SupervisorOptions): Supervisor {
  const ready = Promise.withResolvers<Readonly<Partial<Record<ThreadName, string>>>>()
  const ended = Promise.withResolvers<void>()
  const names = threadsOf(roles, config)
  // The door opens when the roll has put its settings into the log: every reading is folded by them, the first too.
  const later = names.includes('roll') ? 'ingest' : null
  const children = names.filter((name) => name !== later).map(start)
  let isStopping = false

  function start(name: ThreadName): Child {
    const workerData: ThreadData = { thread: name, config, roles, partitions, version }
    const worker = new Worker(files[name], { workerData, name })
    const gone = Promise.withResolvers<void>()
    const child: Child = {
      name,
      worker,
      state: { roles: name === 'serve' ? [] : [starting(name)], metrics: [] },
      address: null,
      isReady: false,
      hasStopped: false,
      gone: gone.promise,
    }
    worker.on('message', (message: FromThread) => receive(child, message))
    worker.on('error', die)
    worker.on('exit', (code) => {
      gone.resolve()
      if (!isStopping && !child.hasStopped) die(new Error(`the ${name} thread ended by itself (${code})`))
    })
    return child
  }

  function die(error: unknown): void {
    ready.reject(error)
    ended.reject(error)
  }

  function receive(child: Child, message: FromThread): void {
    switch (message.type) {
      case 'ready':
        child.isReady = true
        child.address = message.address
        if (child.name === 'roll' && names.includes('ingest')) children.push(start('ingest'))
        if (children.length === names.length && children.every(({ isReady }) => isReady))
          ready.resolve(
            Object.fromEntries(children.flatMap(({ name, address }) => (address ? [[name, address]] : []))),
          )
        break
      case 'state':
        child.state = message.state
        post('serve', { type: 'program', state: programState() })
        break
      case 'stored':
        post('ingest', { type: 'stored', receipts: message.receipts })
        break
      case 'log':
        log(child.name, message.level, message.fields, message.message)
        break
      case 'failed':
        child.hasStopped = true
        die(new ThreadFailure(child.name, message.failure))
        void child.worker.terminate()
        break
      case 'stopped':
        child.hasStopped = true
    }
  }

  function programState(): ProgramState {
    const missing = names.filter((name) => !children.some((child) => child.name === name))
    return {
      roles: [...missing.map(starting), ...children.flatMap(({ state }) => state.roles)],
      metrics: children.flatMap(({ state }) => state.metrics),
    }
  }

  function post(name: ThreadName, message: ToThread): void {
    children.find((child) => child.name === name)?.worker.postMessage(message)
  }

  async function stopSome(names: readonly ThreadName[], withinMs: number): Promise<void> {
    const some = children.filter(({ name }) => names.includes(name))
    for (const { worker } of some) worker.postMessage({ type: 'stop' } satisfies ToThread)
    const timer = Promise.withResolvers<void>()
    const isStarting = some.some(({ isReady, hasStopped }) => !isReady && !hasStopped)
    const timeout = setTimeout(timer.resolve, isStarting ? stopLimits.startingMs : withinMs)
    await Promise.race([Promise.all(some.map(({ gone }) => gone)), timer.promise])
    clearTimeout(timeout)
    await Promise.all(some.map(({ worker }) => worker.terminate()))
  }

  return {
    ready: ready.promise,
    ended: ended.promise,
    async stop() {
      isStopping = true
      // The roll first: what it flushes last still becomes receipts.
      await stopSome(['roll'], stopLimits.rollMs)
      await stopSome(['ingest', 'serve', 'files'], stopLimits.othersMs)
      ended.resolve()
    },
  }
}
