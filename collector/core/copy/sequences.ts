/** Compares sequences of records, each met in order, in bounded memory. */
export interface Sequences {
  /** The next record that there is to be. */
  expect(key: string, hash: string): void
  /** The next record that there is. */
  meet(key: string, hash: string): void
  result(): {
    /** In words; null: all is as expected. */
    readonly difference: string | null
    readonly records: number
    readonly repeated: number
  }
}

interface Sequence {
  first: string | null
  count: number
  chain: string
  /** Not longer than a copy that is broken off can repeat. */
  readonly recent: Set<string>
}

/**
 * `chain` makes one hash of two. A record that comes again within `window` others is a repeat, and not a second one. What
 * is met before the first that is expected was expected once, and retention has taken it since.
 */
export function createSequences(chain: (before: string, own: string) => string, window: number): Sequences {
  const [expected, met] = [new Map<string, Sequence>(), new Map<string, Sequence>()]
  const repeats = { expected: 0, met: 0 }

  function of(all: Map<string, Sequence>, key: string): Sequence {
    const found = all.get(key) ?? { first: null, count: 0, chain: '', recent: new Set<string>() }
    all.set(key, found)
    return found
  }

  /** False: it was there a moment ago. */
  function add(sequence: Sequence, hash: string): boolean {
    if (sequence.recent.has(hash)) return false
    sequence.recent.add(hash)
    if (sequence.recent.size > window) {
      const [oldest] = sequence.recent
      if (oldest !== undefined) sequence.recent.delete(oldest)
    }
    sequence.first ??= hash
    sequence.chain = chain(sequence.chain, hash)
    sequence.count++
    return true
  }

  return {
    expect(key, hash) {
      if (!add(of(expected, key), hash)) repeats.expected++
    },
    meet(key, hash) {
      const sequence = of(met, key)
      if (sequence.count === 0 && expected.get(key)?.first !== hash && expected.has(key)) return
      if (!add(sequence, hash)) repeats.met++
    },
    result() {
      let records = repeats.expected
      const repeated = Math.max(0, repeats.met - repeats.expected)
      for (const [key, { count, chain: its }] of expected) {
        const own = met.get(key)
        records += count
        const [from, to] = key.split(' ')
        const place = `of the records of partition ${from} in partition ${to}`
        if (own?.count !== count)
          return { difference: `${place} there are ${own?.count ?? 0}, not ${count}`, records, repeated }
        if (own.chain !== its) return { difference: `${place} some differ`, records, repeated }
      }
      const [more] = [...met.keys()].filter((key) => !expected.has(key))
      const difference = more === undefined ? null : `partition ${more.split(' ')[1]} has records of others`
      return { difference, records, repeated }
    },
  }
}
