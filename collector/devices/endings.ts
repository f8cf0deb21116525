import { join } from 'node:path'
import { isCoded } from '@barograph/proto'
import type { Clock } from '../core/clock.ts'
import { certificateLives, endOf, readIfThere } from './authority.ts'
import { hasRegistry, openRegistry } from './registry.ts'

const dayMs = 86_400_000

/** How often the certificates are looked through. */
const lookEveryMs = 3_600_000

/** What of the devices' certificates and of the authority that signed them ends, and when. */
export interface EndingState {
  /** The device that is shut out first when nobody does anything; null: none has a certificate. */
  readonly first: { readonly device: string; readonly endsMs: number } | null
  /** Devices whose last certificate ends within `certificateLives.deviceWarnDays`. */
  readonly soon: number
  /** null: there is no authority. */
  readonly authorityEndsMs: number | null
}

/** Looks at the ends of certificates for as long as it runs, and tells once a day of what has to be made anew. */
export interface Endings {
  state(): EndingState
  close(): void
}

/** `folder`: of the devices. `report`: for people. */
export function createEndings({
  folder,
  clock,
  report,
}: {
  readonly folder: string
  readonly clock: Clock
  readonly report: (words: string) => void
}): Endings {
  let state: EndingState = { first: null, soon: 0, authorityEndsMs: null }
  let toldMs = Number.NEGATIVE_INFINITY
  let cancel: () => void = () => undefined

  function look(): void {
    cancel = clock.setTimer(lookEveryMs, look)
    try {
      state = readEndings(folder, clock.now())
    } catch (error) {
      // A registry that cannot be read is told of by whoever asks it for a device.
      if (isCoded(error)) return
      throw error
    }
    if (clock.monotonicMs() - toldMs < dayMs) return
    const words = wordsOf(state, clock.now())
    for (const one of words) report(one)
    if (words.length > 0) toldMs = clock.monotonicMs()
  }

  look()
  return { state: () => state, close: () => cancel() }
}

/** As the files say it now. */
export function readEndings(folder: string, nowMs: number): EndingState {
  const ca = readIfThere(join(folder, 'ca.crt'))
  const ends = readEnds(folder, nowMs)
  const soonMs = nowMs + certificateLives.deviceWarnDays * dayMs
  return {
    first: ends[0] ?? null,
    soon: ends.filter(({ endsMs }) => endsMs < soonMs).length,
    authorityEndsMs: ca === null ? null : endOf(ca),
  }
}

function readEnds(folder: string, nowMs: number) {
  if (!hasRegistry(folder)) return []
  const registry = openRegistry(folder)
  try {
    return registry.ends(nowMs)
  } finally {
    registry.close()
  }
}

function wordsOf({ first, soon, authorityEndsMs }: EndingState, nowMs: number): string[] {
  const words: string[] = []
  if (first && soon > 0) {
    const others =
      soon === 1 ? '' : `, and those of ${soon - 1} more within ${certificateLives.deviceWarnDays} days`
    words.push(
      `the certificate of ${first.device} ${endWords(first.endsMs, nowMs)}${others}: barograph-collector devices renew ${first.device}, and bring it the new file`,
    )
  }
  if (authorityEndsMs !== null && authorityEndsMs - nowMs < certificateLives.authorityWarnDays * dayMs)
    words.push(
      `the certificate of the authority of all devices ${endWords(authorityEndsMs, nowMs)}: then none of them is let in; docs/security.md tells how to begin a new one`,
    )
  return words
}

/** `ends in 12 days, on 2026-12-03` */
export function endWords(endsMs: number, nowMs: number): string {
  const date = new Date(endsMs).toISOString().slice(0, 10)
  if (endsMs <= nowMs) return `has ended on ${date}`
  const days = Math.floor((endsMs - nowMs) / dayMs)
  if (days === 0) return `ends today or tomorrow, on ${date}`
  return `ends in ${days} ${days === 1 ? 'day' : 'days'}, on ${date}`
}
