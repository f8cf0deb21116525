import type { DeadLetters } from '../log.ts'

/** Letters copied at once. */
const pageLetters = 100

/**
 * Copies what was refused, the oldest first, and returns how many there are. Those that are there already are the first:
 * a copy that was broken off goes on behind them. `isWhole`: they are only counted.
 */
export async function copyLetters(
  source: Pick<DeadLetters, 'list'>,
  target: Pick<DeadLetters, 'add' | 'list'>,
  isWhole: boolean,
): Promise<number> {
  const ids = await idsOf(source)
  if (isWhole) return ids.length
  for (let done = (await idsOf(target)).length; done < ids.length; ) {
    const some = ids.slice(done, done + pageLetters)
    const newest = some.at(-1) ?? 0
    const letters = await source.list({ limit: some.length, before: newest + 1 })
    if (letters.length === 0) break
    await target.add(letters.toReversed().map(({ id: _, ...letter }) => letter))
    done += letters.length
  }
  return ids.length
}

/** Ascending. */
async function idsOf(letters: Pick<DeadLetters, 'list'>): Promise<number[]> {
  const ids: number[] = []
  for (let before: number | undefined; ; ) {
    const page = await letters.list({ limit: pageLetters, ...(before === undefined ? {} : { before }) })
    ids.push(...page.map(({ id }) => id))
    before = page.at(-1)?.id
    if (before === undefined) return ids.reverse()
  }
}
