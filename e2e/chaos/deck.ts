import { shuffled } from '../harness/random.ts'

/** Draws items in random order, each once before any comes again: so that a short run tries as much as it can. */
export function createDeck<T>(items: readonly T[], random: () => number): () => T | null {
  let left: T[] = []
  return () => {
    if (left.length === 0) left = shuffled(items, random)
    return left.pop() ?? null
  }
}
