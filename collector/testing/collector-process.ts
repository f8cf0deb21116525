import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../main.ts', import.meta.url))
const readyWithinMs = 180_000

/** A real `collector run` on free ports, for tests. */
export interface CollectorProcess {
  readonly broker: string
  readonly page: string
  readonly pid: number
  stderr(): string
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>
}

/** A folder that is gone after the test. */
export function makeFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'barograph-collector-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Starts it on the data in a folder, and waits until all its roles work. */
export async function startCollector(
  folder: string,
  env: Record<string, string> = {},
): Promise<CollectorProcess> {
  const child = spawn(process.execPath, [program, 'run', '--json'], {
    cwd: folder,
    env: {
      ...process.env,
      BAROGRAPH_BROKER_LISTEN: '127.0.0.1:0',
      BAROGRAPH_SERVE_LISTEN: '127.0.0.1:0',
      BAROGRAPH_LOG_URL: 'sqlite:log.db',
      BAROGRAPH_STORE_URL: 'sqlite:store.db',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit') as Promise<[number | null]>
  let stderr = ''
  const ready = new Promise<{ ingest: string; serve: string }>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the collector is not ready:\n${stderr}`)), readyWithinMs)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      const line = stderr.split('\n').find((one) => one.includes('is ready') && one.endsWith('}'))
      if (line === undefined) return
      clearTimeout(timer)
      resolve(JSON.parse(line) as { ingest: string; serve: string })
    })
    exited.then(
      () => reject(new Error(`the collector ended:\n${stderr}`)),
      () => undefined,
    )
  })
  const { ingest, serve } = await ready
  return {
    broker: ingest,
    page: serve,
    pid: child.pid ?? 0,
    stderr: () => stderr,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      child.kill('SIGINT')
      const [code] = await exited
      return code
    },
  }
}
