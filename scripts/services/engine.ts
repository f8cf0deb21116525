import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServiceFailure } from './failure.ts'

/** How to run an engine, all files and programs it needs made ready. */
export interface Plan {
  readonly name: string
  /** Data, configuration and log of this engine and of nothing else. */
  readonly folder: string
  readonly url: string
  readonly port: number
  readonly command: string
  readonly args: readonly string[]
  /** Asks in the engine's own protocol. */
  isReady(): Promise<boolean>
}

/** An engine that runs. It ends with the program that started it. */
export interface Service {
  readonly url: string
  readonly port: number
  readonly folder: string
  readonly logFile: string
  /** Of the process that runs now; null between `kill` or `stop` and `restart`. */
  readonly pid: number | null
  /** Resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Hangs (SIGSTOP): connections stay open and nothing is answered, until `resume`. */
  pause(): void
  resume(): void
  /** On the same port and data; resolves when it is ready. */
  restart(): Promise<void>
  /** Cleanly, if it can. */
  stop(): Promise<void>
}

/** One that ends is noticed at once; on a busy machine a Kafka may take minutes. */
const readyLimitMs = 240_000
const askEveryMs = 100
const stopPatienceMs = 15_000

export const logFileOf = (folder: string): string => join(folder, 'output.log')

/** Starts an engine's process; its output goes to the log in its folder. */
export function launch({ command, args, folder }: Plan, { detached }: { detached: boolean }): ChildProcess {
  mkdirSync(folder, { recursive: true })
  const output = openSync(logFileOf(folder), 'a')
  try {
    return spawn(command, args, { cwd: folder, stdio: ['ignore', output, output], detached })
  } finally {
    closeSync(output)
  }
}

/** Resolves when the engine answers; fails with its last words when it ends before, or takes too long. */
export async function untilReady(plan: Plan, child: ChildProcess): Promise<void> {
  const ended: string[] = []
  child.once('error', (error) => ended.push(error.message))
  child.once('exit', (code, signal) => ended.push(signal ?? `exit code ${code}`))
  const end = Date.now() + readyLimitMs
  while (!(await plan.isReady())) {
    if (ended.length > 0)
      throw new ServiceFailure(`${plan.name} ended (${ended[0]}). ${lastWords(plan.folder)}`)
    if (Date.now() > end) {
      child.kill('SIGKILL')
      throw new ServiceFailure(
        `${plan.name} was not ready after ${readyLimitMs / 1_000} s. ${lastWords(plan.folder)}`,
      )
    }
    await new Promise((done) => setTimeout(done, askEveryMs))
  }
}

function lastWords(folder: string): string {
  const lines = readFileSync(logFileOf(folder), 'utf8').trimEnd().split('\n').slice(-12)
  return `Its last words, from ${logFileOf(folder)}:\n${lines.join('\n')}`
}

/** Runs an engine for as long as this program lives, at most. */
export async function runService(plan: Plan): Promise<Service> {
  let child: ChildProcess | null = null
  let gone: Promise<void> = Promise.resolve()

  process.setMaxListeners(process.getMaxListeners() + 1)
  process.once('exit', () => child?.kill('SIGKILL'))

  async function start(): Promise<void> {
    const fresh = launch(plan, { detached: false })
    child = fresh
    gone = new Promise((resolve) => {
      const end = (): void => {
        if (child === fresh) child = null
        resolve()
      }
      fresh.once('exit', end)
      fresh.once('error', end)
    })
    await untilReady(plan, fresh)
  }

  async function kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    child?.kill(signal)
    await gone
  }

  async function stop(): Promise<void> {
    // One that hangs would not hear that it has to end.
    child?.kill('SIGCONT')
    const force = setTimeout(() => child?.kill('SIGKILL'), stopPatienceMs)
    await kill('SIGTERM')
    clearTimeout(force)
  }

  await start()
  return {
    url: plan.url,
    port: plan.port,
    folder: plan.folder,
    logFile: logFileOf(plan.folder),
    get pid() {
      return child?.pid ?? null
    },
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async restart() {
      await stop()
      await start()
    },
    stop,
  }
}
