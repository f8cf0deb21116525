import { type ChildProcess, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whenDone } from './cleanup.ts'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A real process of ours; killed when the test is over. */
export interface Running {
  readonly pid: number
  /** What it printed so far. */
  stdout(): string
  stderr(): string
  send(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
  readonly isRunning: () => boolean
  /** Asks it to end and waits. */
  stop(): Promise<Ended>
}

/** Starts a program with the Node that runs the tests. */
export function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = root,
): Running {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return watch(child)
}

/** Runs a program to its end. */
export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd = root,
): Promise<Ended> {
  return start(args, env, cwd).ended
}

export const agentProgram = join(root, 'agent/main.ts')
export const collectorProgram = join(root, 'collector/main.ts')

/** Nothing that configures our programs comes in from outside. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('BAROGRAPH_') && !name.startsWith('VITEST'),
    ),
  )
}

function watch(child: ChildProcess): Running {
  let stdout = ''
  let stderr = ''
  let isRunning = true
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      isRunning = false
      resolve({ code, signal, stdout, stderr })
    })
  })
  whenDone(() => {
    if (isRunning) child.kill('SIGKILL')
  })
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    send: (signal) => void child.kill(signal),
    ended,
    isRunning: () => isRunning,
    async stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
