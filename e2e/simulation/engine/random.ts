import { seeded } from '../../harness/random.ts'

/** Everything that is left to chance in one run: drawn from its seed and from nothing else. */
export interface Random {
  /** 0 <= x < 1. */
  unit(): number
  chance(probability: number): boolean
  /** A whole number, both ends included. */
  whole(from: number, to: number): number
  /** A number in between. */
  between(from: number, to: number): number
  pick<T>(items: readonly T[]): T
  hex(digits: number): string
}

export function createRandom(seed: number): Random {
  const unit = seeded(seed)
  const whole = (from: number, to: number): number => from + Math.floor(unit() * (to - from + 1))
  return {
    unit,
    chance: (probability) => unit() < probability,
    whole,
    between: (from, to) => from + unit() * (to - from),
    pick: (items) => {
      if (items.length === 0) throw new Error('nothing to pick from')
      return items[whole(0, items.length - 1)] as (typeof items)[number]
    },
    hex: (digits) => Array.from({ length: digits }, () => whole(0, 15).toString(16)).join(''),
  }
}
