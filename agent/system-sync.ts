import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { SystemSync } from './core/time/timekeeper.ts'

/** systemd-timesyncd makes it when it has set the clock for the first time in this boot. */
const timesyncdMark = '/run/systemd/timesync/synchronized'
/** Between questions to timedatectl, which knows of chrony and the others too: each starts a process. */
const askMs = 60_000
const answerMs = 5_000

/** What this machine says of its clock. */
export interface SystemSyncReader {
  /** As far as it is known now; asks again in the background when that is old. */
  read(): SystemSync
  /** As it is now. */
  ask(): Promise<SystemSync>
}

/** Nobody needs to be root for it. On machines that tell nothing: unknown. */
export function createSystemSync(monotonicMs: () => number): SystemSyncReader {
  let told: SystemSync = 'unknown'
  let askedAtMs = Number.NEGATIVE_INFINITY

  async function ask(): Promise<SystemSync> {
    askedAtMs = monotonicMs()
    told = existsSync(timesyncdMark) ? 'yes' : await askTimedatectl()
    return told
  }

  return {
    read() {
      if (told !== 'yes' && existsSync(timesyncdMark)) told = 'yes'
      if (told !== 'yes' && monotonicMs() - askedAtMs >= askMs) void ask()
      return told
    },
    ask,
  }
}

/** Its answer is the kernel's own flag, whoever keeps the clock. */
function askTimedatectl(): Promise<SystemSync> {
  return new Promise((resolve) => {
    execFile(
      'timedatectl',
      ['show', '--property=NTPSynchronized', '--value'],
      { timeout: answerMs },
      (error, stdout) => {
        const answer = stdout.trim()
        resolve(error || (answer !== 'yes' && answer !== 'no') ? 'unknown' : answer)
      },
    )
  })
}
