import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `up` remembers of an engine that it started. */
export interface ServiceRecord {
  readonly pid: number
  readonly url: string
  readonly port: number
}

const fileIn = (folder: string): string => join(folder, 'service.json')

/** Null when there is none, or when what is there was never finished. */
export function readRecord(folder: string): ServiceRecord | null {
  try {
    return JSON.parse(readFileSync(fileIn(folder), 'utf8')) as ServiceRecord
  } catch {
    return null
  }
}

export const writeRecord = (folder: string, record: ServiceRecord): void =>
  writeFileSync(fileIn(folder), `${JSON.stringify(record)}\n`)

export const removeRecord = (folder: string): void => rmSync(fileIn(folder), { force: true })

/**
 * Whether the process of that number is the engine of that folder. Numbers come round again; but the command line of each
 * engine names a file of its folder, and a zombie has none.
 */
export const runsIn = (folder: string, pid: number): boolean => commandLine(pid).includes(`${folder}/`)

function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
