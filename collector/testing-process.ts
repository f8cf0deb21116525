// Runs a module as another process, for contract suites of the log and the store: lines in, lines out, kill -9.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface OtherProcess {
  /** Lines it has printed so far. */
  readonly lines: readonly string[]
  /** Resolves when it has printed that many lines; rejects when it ends before. */
  printed(count: number): Promise<void>
  send(line: string): void
  /** SIGKILL, by its own id; resolves when it is gone and all its lines are read. */
  kill(): Promise<void>
  /** Resolves with its exit code. */
  ended(): Promise<number | null>
}

/** Starts `node module ...args`. */
export function startProcess(module: string, args: readonly string[]): OtherProcess {
  const child: ChildProcess = spawn(process.execPath, [module, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: string[] = []
  let errors = ''
  let waiting: (() => void)[] = []
  const wake = () => {
    const woken = waiting
    waiting = []
    for (const resolve of woken) resolve()
  }
  let code: number | null | undefined
  const closed = once(child, 'close').then(([exit]) => {
    code = exit as number | null
    wake()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text))
  // A process that has been killed breaks the pipe to it.
  child.stdin?.on('error', () => undefined)
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      wake()
    })
  }
  return {
    lines,
    printed: async (count) => {
      while (lines.length < count) {
        if (code !== undefined)
          throw new Error(`${module} ended with ${code} after ${lines.length} lines\n${errors}`)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
    send: (line) => child.stdin?.write(`${line}\n`),
    kill: async () => {
      child.kill('SIGKILL')
      await closed
    },
    ended: async () => {
      await closed
      if (code !== 0) throw new Error(`${module} ended with ${code}\n${errors}`)
      return code ?? null
    },
  }
}
