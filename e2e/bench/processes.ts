import { readdirSync, readFileSync } from 'node:fs'
import { cpuSecondsOf, memoryOf } from './memory.ts'

/** What a process, or one thread of it, took of the machine. */
export interface Taken {
  readonly name: string
  readonly cpuSeconds: number
  /** Peak, of a process. */
  readonly rssMb: number | null
}

/** The threads of the collector that do its work; what else runs in it is `others`. */
const threads = ['ingest', 'roll', 'serve']

/** Looks at processes by name, and at the collector's threads, from now on. */
export function watchProcesses(pids: Readonly<Record<string, number>>, collector: number): () => Taken[] {
  const before = look(pids, collector)
  return () => {
    const now = look(pids, collector)
    return [...now].map(([name, cpuSeconds]) => {
      const pid = name === 'collector' ? collector : pids[name]
      return {
        name,
        cpuSeconds: cpuSeconds - (before.get(name) ?? 0),
        rssMb: pid === undefined ? null : memoryOf(pid).peak,
      }
    })
  }
}

function look(pids: Readonly<Record<string, number>>, collector: number): Map<string, number> {
  const found = new Map(Object.entries(pids).map(([name, pid]) => [name, cpuSecondsOf(pid)]))
  found.set('collector', cpuSecondsOf(collector))
  for (const task of readdirSync(`/proc/${collector}/task`)) {
    const path = `/proc/${collector}/task/${task}`
    const name = readFileSync(`${path}/comm`, 'utf8').trim()
    if (!threads.includes(name)) continue
    const key = `collector's ${name} thread`
    found.set(key, (found.get(key) ?? 0) + cpuSecondsOf(`${collector}/task/${task}`))
  }
  return found
}
