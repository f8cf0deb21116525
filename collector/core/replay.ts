import type { DeadLetter, Log } from './log.ts'
import { judge } from './verdict.ts'

/** What became of a dead letter that was tried again. */
export type Replay = { readonly taken: true } | { readonly taken: false; readonly why: string }

/**
 * Judges a refused message by the rules as they are now, and appends it to the log when it passes. The numbers were told
 * as refused: their arrival heals that.
 */
export async function replayLetter({
  letter,
  log,
  now,
}: {
  readonly letter: DeadLetter
  readonly log: Pick<Log, 'append'>
  readonly now: number
}): Promise<Replay> {
  const { topic, value } = letter
  if (value.byteLength === 0) return { taken: false, why: 'its contents were not kept' }
  const verdict = judge({ topic, payload: value, identity: null }, now)
  if (verdict.kind === 'refused') return { taken: false, why: `${verdict.code}: ${verdict.reason}` }
  if (verdict.kind === 'status')
    return {
      taken: false,
      why: 'a status tells of its own moment, which is over: the device has said a newer one',
    }
  const { device, quarantineAfterMs } = verdict
  await log.append([{ device, kind: 'batch', ingestMs: now, quarantineAfterMs, value }])
  return { taken: true }
}
