import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program of ours that is kept running; its output goes to a file. */
export interface Program {
  readonly name: string
  readonly pid: number | undefined
  /** Ends it: asks, waits, then kills. Resolves when it is gone. */
  stop(): Promise<void>
}

export interface ProgramOptions {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly logsFolder: string
  /** Called when it ended without being asked to; the answer says after how long it is started again, null: never. */
  readonly ended: (how: string, lastLines: string) => number | null
  readonly started: () => void
}

const patienceMs = 8_000

export function startProgram(options: ProgramOptions): Program {
  const logFile = join(options.logsFolder, `${options.name}.log`)
  let child: ChildProcess | null = null
  let isStopping = false
  let again: NodeJS.Timeout | undefined

  function start(): void {
    const output = openSync(logFile, 'a')
    // Its own process group: Ctrl-C reaches this program only, which then stops the others in order.
    const fresh = spawn(process.execPath, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', output, output],
      detached: true,
    })
    closeSync(output)
    child = fresh
    fresh.once('exit', (code, signal) => {
      child = null
      if (isStopping) return
      const delayMs = options.ended(signal ? `killed by ${signal}` : `exit code ${code}`, tail(logFile))
      if (delayMs !== null) again = setTimeout(start, delayMs)
    })
    options.started()
  }

  async function stop(): Promise<void> {
    isStopping = true
    clearTimeout(again)
    const running = child
    if (!running) return
    const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()))
    running.kill('SIGTERM')
    const force = setTimeout(() => running.kill('SIGKILL'), patienceMs)
    await gone
    clearTimeout(force)
  }

  start()
  return {
    name: options.name,
    get pid() {
      return child?.pid
    },
    stop,
  }
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
}
