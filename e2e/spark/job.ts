import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { quickStart } from '../../scripts/services/jars.ts'
import { whenDone } from '../harness/cleanup.ts'
import { type Ended, root, type Running, start } from '../harness/process.ts'

/** What the job says of a micro-batch. */
export interface Stored {
  readonly batch: number
  readonly records: number
  readonly readings: number
  readonly unreadable: number
  readonly windows: number
}

/** The Spark job as a user starts it, and what can be killed of it. */
export interface SparkJob {
  readonly running: Running
  stored(): Stored[]
  /** Processes of the Python that drives it, of its JVM, and of the Pythons that do the work. */
  pids(): { readonly driver: number[]; readonly jvm: number[]; readonly workers: number[] }
  /** Kills these with -9. */
  kill(pids: readonly number[]): void
  stop(): Promise<Ended>
}

export interface SparkJobOptions {
  /** kafka://HOST:PORT */
  readonly kafka: string
  readonly topicPrefix: string
  readonly mongodb: string
  readonly folder: string
  readonly args?: readonly string[]
}

export function startSpark({ kafka, topicPrefix, mongodb, folder, args = [] }: SparkJobOptions): SparkJob {
  const words = ['--kafka', kafka, '--topic-prefix', topicPrefix, '--mongodb', mongodb, '--folder', folder]
  const program = [join(root, 'scripts/spark/main.ts'), ...words, '--json', ...args]
  const running = start(program, { JAVA_TOOL_OPTIONS: `${quickStart} -XX:+UseSerialGC` })
  const pids: SparkJob['pids'] = () => {
    const driver = childrenOf(running.pid)
    const jvm = driver.flatMap(childrenOf)
    const below = jvm.flatMap(childrenOf)
    return { driver, jvm, workers: [...below, ...below.flatMap(childrenOf)] }
  }
  const kill: SparkJob['kill'] = (list) => {
    for (const pid of list)
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
  }
  // A launcher that is killed leaves its children behind.
  whenDone(() => kill(Object.values(pids()).flat()))
  return {
    running,
    stored: () =>
      running
        .stdout()
        .split('\n')
        .flatMap((line) => (line.startsWith('{"event": "stored"') ? [JSON.parse(line) as Stored] : [])),
    pids,
    kill,
    stop: running.stop,
  }
}

/** Each thread has those that it started. */
function childrenOf(pid: number): number[] {
  const tasks = `/proc/${pid}/task`
  try {
    return readdirSync(tasks).flatMap((thread) => wordsIn(join(tasks, thread, 'children')).map(Number))
  } catch {
    return []
  }
}

function wordsIn(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\s+/).filter(Boolean)
  } catch {
    return []
  }
}
