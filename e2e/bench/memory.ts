import { readFileSync } from 'node:fs'

/** Memory of a process as Linux counts it, MB: now, at its peak, and the part that no file backs. */
export function memoryOf(pid: number): {
  readonly rss: number
  readonly peak: number
  readonly private: number
} {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024
  return { rss: mb('VmRSS'), peak: mb('VmHWM'), private: mb('RssAnon') }
}

/** CPU time of a process and its threads so far (`PID`), or of one of them (`PID/task/TID`), seconds, from the kernel. */
export function cpuSecondsOf(pid: number | string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}
