import { sleep } from '../../harness/wait.ts'
import type { Program } from '../program.ts'
import type { Scene } from './fault.ts'

/** A program that cannot work says so and ends within this time, or goes on without what it lacks. */
const wordsLimitMs = 90_000
/** One that works has this long to change its mind. */
const secondThoughtsMs = 2_000
const lookMs = 100

/**
 * Starts a program with something in its way. It says what, and ends; or it works all the same; or it waits. What it may
 * not do is crash. Whatever it does, it is down in the end.
 */
export async function expectWords(
  { complain, say }: Scene,
  program: Program,
): Promise<'ended' | 'works' | 'waits'> {
  const running = program.launch()
  const started = Date.now()
  let worksSince: number | null = null
  while (running.isRunning() && Date.now() - started < wordsLimitMs) {
    if (await program.works()) worksSince ??= Date.now()
    if (worksSince !== null && Date.now() - worksSince > secondThoughtsMs) break
    await sleep(lookMs)
  }
  if (running.isRunning()) {
    await program.kill()
    say(`${program.name} ${worksSince === null ? 'waits' : 'works all the same'}`)
    return worksSince === null ? 'waits' : 'works'
  }
  const ended = await running.ended
  const words = (ended.stderr || ended.stdout).trim()
  say(`${program.name} ends: ${words.split('\n').slice(-2).join(' ')}`)
  if (ended.signal !== null || ![1, 2].includes(ended.code ?? 0) || /this is a bug/.test(words))
    complain(`${program.name} ended with ${ended.signal ?? ended.code} instead of words: ${words}`)
  return 'ended'
}
