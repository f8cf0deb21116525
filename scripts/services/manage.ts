import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { freePort } from '../start/ports.ts'
import { launch, logFileOf, type Plan, untilReady } from './engine.ts'
import { planKafka } from './kafka.ts'
import { planMongo } from './mongo.ts'
import { planMosquitto } from './mosquitto.ts'
import { isKafkaReady, isMongoReady, isMqttReady } from './ready.ts'
import { readRecord, removeRecord, runsIn, type ServiceRecord, writeRecord } from './record.ts'

type Say = (words: string) => void

type Lock = { release: () => void; heldBy?: undefined } | { release?: undefined; heldBy: number }

const { tryLock } = createRequire(import.meta.url)('../setup-lock.cjs') as { tryLock(folder: string): Lock }

/** An engine as `npm run services` knows it. */
interface Known {
  readonly title: string
  /** Not the usual one, where an engine of the machine's own may listen. */
  readonly port: number
  plan(folder: string, port: number, say: Say): Promise<Plan>
  isReady(port: number): Promise<boolean>
}

/** By the names of `--json`. */
export const engines = {
  mqtt: {
    title: 'Mosquitto',
    port: 21_883,
    plan: (folder, port) => planMosquitto({ folder, port }),
    isReady: isMqttReady,
  },
  kafka: {
    title: 'Kafka',
    port: 29_092,
    plan: (folder, port, say) => planKafka({ folder, port, fast: true }, say),
    isReady: isKafkaReady,
  },
  mongodb: {
    title: 'MongoDB-compatible server',
    port: 27_117,
    plan: (folder, port, say) => planMongo({ folder, port, fast: true }, say),
    isReady: isMongoReady,
  },
} satisfies Record<string, Known>

export type EngineName = keyof typeof engines

export const engineNames = Object.keys(engines) as EngineName[]

export interface Status {
  readonly name: EngineName
  readonly title: string
  readonly folder: string
  readonly logFile: string
  /** Null: it does not run. */
  readonly running: ServiceRecord | null
  /** It runs and answers. */
  readonly isReady: boolean
}

const stopPatienceMs = 15_000

const folderOf = (root: string, name: EngineName): string => join(root, name)

/** What runs, asked in each engine's own protocol. */
export async function status(root: string, name: EngineName): Promise<Status> {
  const folder = folderOf(root, name)
  const record = readRecord(folder)
  const running = record !== null && runsIn(folder, record.pid) ? record : null
  const { title, isReady } = engines[name]
  return {
    name,
    title,
    folder,
    logFile: logFileOf(folder),
    running,
    isReady: running !== null && (await isReady(running.port)),
  }
}

/** Starts an engine unless it runs; resolves when it is ready. It goes on when this program ends. */
export async function up(root: string, name: EngineName, say: Say): Promise<Status> {
  const before = await status(root, name)
  if (before.isReady) return before
  if (before.running) {
    say(`${before.title} runs (process ${before.running.pid}) but does not answer: starting it again.`)
    await down(root, name)
  }
  const folder = folderOf(root, name)
  const engine: Known = engines[name]
  const port = await freePort(engine.port)
  if (port !== engine.port) say(`Port ${engine.port} is busy: ${engine.title} uses ${port}.`)
  const plan = await engine.plan(folder, port, say)
  const child = launch(plan, { detached: true })
  if (child.pid !== undefined) writeRecord(folder, { pid: child.pid, url: plan.url, port })
  await untilReady(plan, child)
  child.unref()
  return status(root, name)
}

/** Ends an engine; its data stay. False: it did not run. */
export async function down(root: string, name: EngineName): Promise<boolean> {
  const folder = folderOf(root, name)
  const record = readRecord(folder)
  const wasRunning = record !== null && runsIn(folder, record.pid)
  if (record !== null && wasRunning) await end(folder, record.pid)
  removeRecord(folder)
  return wasRunning
}

/** Lets one program at a time start and end engines of a folder. */
export async function alone<T>(root: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(root, { recursive: true })
  for (;;) {
    const { release } = tryLock(join(root, 'lock'))
    if (!release) await new Promise((done) => setTimeout(done, 100))
    else
      try {
        return await work()
      } finally {
        release()
      }
  }
}

async function end(folder: string, pid: number): Promise<void> {
  // One that hangs would not hear that it has to end.
  process.kill(pid, 'SIGCONT')
  process.kill(pid, 'SIGTERM')
  const kill = Date.now() + stopPatienceMs
  while (runsIn(folder, pid)) {
    if (Date.now() > kill) process.kill(pid, 'SIGKILL')
    await new Promise((done) => setTimeout(done, 50))
  }
}
