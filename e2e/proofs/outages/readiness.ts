import type { ApiReadiness } from '@barograph/proto/api'
import { sleep } from '../../harness/wait.ts'

/** What /readyz said when it was asked at a moment. */
export interface Look {
  /** When it was asked, ms since 1970. */
  readonly at: number
  readonly ready: boolean
  /** What was not as it should be. */
  readonly words: string
}

export interface Readiness {
  /** All of them so far, one a second, in order. */
  readonly looks: readonly Look[]
  stop(): Promise<void>
}

const everyMs = 1_000
/** An answer that takes longer than this is none. */
const answerMs = 15_000

/** Asks a collector each second whether it is ready. */
export function watchReadiness(page: string): Readiness {
  const looks: Look[] = []
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      const at = Date.now()
      looks.push({ at, ...(await ask(page)) })
      await sleep(Math.max(0, at + everyMs - Date.now()))
    }
  })()
  return {
    looks,
    async stop() {
      isOver = true
      await watching
    },
  }
}

async function ask(page: string): Promise<Omit<Look, 'at'>> {
  try {
    const answer = await fetch(`${page}/readyz`, { signal: AbortSignal.timeout(answerMs) })
    const { checks } = (await answer.json()) as ApiReadiness
    const wrong = checks.filter(({ ok }) => !ok).map(({ detail }) => detail)
    return { ready: answer.ok, words: wrong.join('; ') }
  } catch (error) {
    return { ready: false, words: `no answer: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** From the moment an engine was killed to the one before it was started again, and when it was there again. */
export interface Away {
  readonly from: number
  readonly to: number
  readonly backAt: number
}

export interface Truth {
  /** After so many ms it was told that the engine is away; null: never while it was. */
  readonly noticedMs: number | null
  /** After so many ms of the engine's being there it was ready; null: it was not again. */
  readonly readyAgainMs: number | null
  /** How often it said to be ready between the first word of the outage and its end. */
  readonly falseReady: number
}

/** Whether it was told what was so: not ready all the time that something was away, and ready again after it. */
export function truthOf(looks: readonly Look[], { from, to, backAt }: Away): Truth {
  const noticed = looks.find(({ at, ready }) => at >= from && at < to && !ready)
  const again = looks.find(({ at, ready }) => at >= backAt && ready)
  return {
    noticedMs: noticed ? noticed.at - from : null,
    readyAgainMs: again ? again.at - backAt : null,
    falseReady: looks.filter(({ at, ready }) => noticed && at > noticed.at && at < to - answerGapMs && ready)
      .length,
  }
}

/** A look that begins this short before an engine comes back may be answered after it has. */
const answerGapMs = 1_000
