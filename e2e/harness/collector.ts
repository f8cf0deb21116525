import { join } from 'node:path'
import { freePorts } from './ports.ts'
import { collectorProgram, type Ended, run, type Running, start } from './process.ts'
import { eventually } from './wait.ts'

/** A real collector on a folder and ports of its own. It can be killed and started again on the same ones. */
export interface Collector {
  readonly folder: string
  readonly page: string
  readonly broker: string
  readonly env: Readonly<Record<string, string>>
  process(): Running
  /** Starts it (again) and waits until it is ready. */
  start(env?: Readonly<Record<string, string>>): Promise<void>
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  stop(): Promise<Ended>
  get<T>(path: string): Promise<T>
  audit(...args: string[]): Promise<Ended>
}

export async function createCollector({
  folder,
  outsideBroker,
  env = {},
  args = [],
}: {
  folder: string
  /** Instead of its embedded one. */
  outsideBroker?: string
  env?: Readonly<Record<string, string>>
  /** Of `run`: roles, partitions. */
  args?: readonly string[]
}): Promise<Collector> {
  const [http, mqtt] = await freePorts(2)
  const page = `http://127.0.0.1:${http}`
  const settings: Readonly<Record<string, string>> = {
    ...(outsideBroker === undefined
      ? { BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${mqtt}` }
      : { BAROGRAPH_MQTT_URL: outsideBroker }),
    BAROGRAPH_SERVE_LISTEN: `127.0.0.1:${http}`,
    BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}`,
    BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
    ...env,
  }
  const roles = args[args.indexOf('--roles') + 1]
  const serves = !args.includes('--roles') || roles?.split(',').includes('serve') === true
  let running: Running | null = null

  async function isReady(): Promise<boolean> {
    if (running && !running.isRunning()) throw new Error(`the collector ended:\n${running.stderr()}`)
    // Without the role that serves nobody answers, and it says itself that it is ready.
    if (!serves) return /is ready/.test(`${running?.stdout()}${running?.stderr()}`)
    return (await fetch(`${page}/readyz`)).ok
  }

  return {
    folder,
    page,
    broker: settings.BAROGRAPH_MQTT_URL ?? `mqtt://${settings.BAROGRAPH_BROKER_LISTEN}`,
    env: settings,
    process() {
      if (!running) throw new Error('the collector was never started')
      return running
    },
    async start(more = {}) {
      running = start([collectorProgram, 'run', ...args], { ...settings, ...more })
      await eventually('the collector is ready', isReady, 180_000)
    },
    async kill() {
      running?.send('SIGKILL')
      await running?.ended
    },
    async stop() {
      if (!running) throw new Error('the collector was never started')
      return running.stop()
    },
    async get<T>(path: string): Promise<T> {
      const answer = await fetch(`${page}${path}`)
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
    audit: (...args) => run([collectorProgram, 'audit', ...args], settings),
  }
}
