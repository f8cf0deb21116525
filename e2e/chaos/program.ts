import { type Running, start } from '../harness/process.ts'
import { eventually, sleep } from '../harness/wait.ts'

/** One program on trial: it can be killed, stopped and started again, and is started again when it ends by itself. */
export interface Program {
  readonly name: string
  /** Starts it; resolves when it works. */
  start(env?: Readonly<Record<string, string>>): Promise<void>
  /** Starts it and does not wait. */
  launch(env?: Readonly<Record<string, string>>): Running
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  pause(ms: number): Promise<void>
  /** Asks it to end and waits. */
  stop(): Promise<void>
  process(): Running
  /** It said that it works. */
  works(): Promise<boolean>
  /** While this is true, its end is no news: something is being done to it. */
  isOnTrial: boolean
}

export interface ProgramOptions {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly isReady: (running: Running) => Promise<boolean>
  /** It ended although nobody was doing anything to it. */
  readonly endedByItself: (name: string, words: string) => void
}

const shownLines = 12

/** Of a bug all that it says, else the last lines. */
function lastWordsOf(output: string): string {
  const lines = output.trim().split('\n')
  const bug = lines.findIndex((line) => line.includes('this is a bug'))
  const shown = bug < 0 ? lines.slice(-shownLines) : lines.slice(bug, bug + shownLines)
  return shown.join('\n    ')
}

/** Generous: the machine may be busy with other things. */
const readyLimitMs = 180_000

export function createProgram({ name, args, env, isReady, endedByItself }: ProgramOptions): Program {
  let running: Running | null = null

  function current(): Running {
    if (!running) throw new Error(`${name} was never started`)
    return running
  }

  function launch(more: Readonly<Record<string, string>> = {}): Running {
    const mine = start(args, { ...env, ...more })
    running = mine
    void mine.ended.then(({ code, signal, stdout, stderr }) => {
      if (mine !== running || program.isOnTrial) return
      endedByItself(name, `ended with ${signal ?? code}: ${lastWordsOf(stderr || stdout)}`)
    })
    return mine
  }

  const program: Program = {
    name,
    isOnTrial: false,
    launch,
    async start(more = {}) {
      const mine = launch(more)
      await eventually(`${name} works or ends`, async () => !mine.isRunning() || isReady(mine), readyLimitMs)
      if (!mine.isRunning()) throw new Error(`${name} ended:\n${mine.stderr()}${mine.stdout()}`)
    },
    async kill() {
      current().send('SIGKILL')
      await current().ended
    },
    async pause(ms) {
      current().send('SIGSTOP')
      await sleep(ms)
      current().send('SIGCONT')
    },
    async stop() {
      if (!running?.isRunning()) return
      running.send('SIGCONT')
      await running.stop()
    },
    process: current,
    works: () => isReady(current()),
  }
  return program
}
