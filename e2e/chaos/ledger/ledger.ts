import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { whenDone } from '../../harness/cleanup.ts'
import { type HandedOut, readLedger } from './line.ts'

/** The source of all readings, as a process of its own. */
export interface Ledger {
  readonly url: string
  lines(): HandedOut[]
  /** From now on it hands out nothing. */
  close(): void
  stop(): Promise<void>
}

export async function startLedger(folder: string): Promise<Ledger> {
  const path = join(folder, 'ledger.txt')
  const child = fork(join(import.meta.dirname, 'main.ts'), [path], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  })
  whenDone(() => child.kill('SIGKILL'))
  if (!child.stdout) throw new Error('the ledger says nothing')
  const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  return {
    url: `http://127.0.0.1:${port.trim()}`,
    lines: () => readLedger(path),
    close: () => void child.kill('SIGUSR2'),
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
