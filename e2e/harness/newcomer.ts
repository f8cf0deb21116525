import { execFileSync, spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Ended } from './process.ts'

/** The environment of a person who has just cloned: nothing of this checkout's packages on PATH or from npm. */
export function newcomerEnvironment(): NodeJS.ProcessEnv {
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.includes('node_modules'))
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_|VITEST|BAROGRAPH_)/.test(name),
  )
  return { ...Object.fromEntries(inherited), PATH: path.join(delimiter) }
}

/** A command as it runs in a terminal: a process group of its own, which Ctrl-C reaches as a whole. */
export interface TerminalCommand {
  stdout(): string
  stderr(): string
  isRunning(): boolean
  ctrlC(): void
  readonly ended: Promise<Ended>
}

/** Types a command into a terminal in that folder; whatever of it is left is killed when the test is over. */
export function typeCommand(
  folder: string,
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): TerminalCommand {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...newcomerEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stdout = ''
  let stderr = ''
  let isRunning = true
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      isRunning = false
      resolve({ code, signal, stdout, stderr })
    })
  })
  const group = child.pid ?? 0
  onTestFinished(() => {
    if (isRunning) process.kill(-group, 'SIGKILL')
    for (const pid of processesIn(folder)) process.kill(pid, 'SIGKILL')
  })
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    isRunning: () => isRunning,
    ctrlC: () => void process.kill(-group, 'SIGINT'),
    ended,
  }
}

/** Processes whose command line names something in that folder. */
export function processesIn(folder: string): number[] {
  return execFileSync('ps', ['-e', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`${folder}/`))
    .map((line) => Number.parseInt(line, 10))
}
