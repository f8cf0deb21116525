import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { whenDone } from '../../harness/cleanup.ts'
import { fairMail, type Mail } from './mail.ts'

/** An outside broker as a process of its own. */
export interface Broker {
  treat(mail: Partial<Mail>): void
  heal(): void
  stop(): Promise<void>
}

export async function startBroker(port: number, seed: number): Promise<Broker> {
  const child = fork(join(import.meta.dirname, 'main.ts'), [String(port), String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  })
  whenDone(() => child.kill('SIGKILL'))
  if (!child.stdout) throw new Error('the broker says nothing')
  await once(child.stdout, 'data')
  return {
    treat: (mail) => void child.send(mail),
    heal: () => void child.send(fairMail),
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
