import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'

/** Who runs on a data folder, written beside the data: so that a second start is told, and leftovers are found. */
export interface RunFile {
  readonly pid: number
  readonly page: string
  readonly children: readonly number[]
}

export function readRunFile(path: string): RunFile | null {
  if (!existsSync(path)) return null
  try {
    const { pid, page, children } = JSON.parse(readFileSync(path, 'utf8')) as Partial<RunFile>
    return { pid: Number(pid), page: String(page), children: (children ?? []).map(Number) }
  } catch {
    return null // half written by a start that was killed: it says nothing
  }
}

export function writeRunFile(path: string, run: RunFile): void {
  writeFileSync(path, `${JSON.stringify(run)}\n`)
}

export function removeRunFile(path: string): void {
  rmSync(path, { force: true })
}

/** True when the process runs and its command line names one of our programs: process numbers are used again. */
export function isOurs(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 2) return false
  try {
    const command = execFileSync('ps', ['-p', String(pid), '-o', 'command='], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return /(scripts\/start|agent\/main|collector\/main)\.ts/.test(command)
  } catch {
    return false
  }
}
