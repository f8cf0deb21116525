import { isIPv6 } from 'node:net'
import { serveLimits } from '../limits.ts'

/** How many wrong tokens are looked at: from one address, and from all of them. */
export interface Guesses {
  /**
   * Counts an attempt before it is looked at. 0: look at it; otherwise ms to wait. `isKnown`: its id is that of a token,
   * so that it costs a hash. What others try under ids of their own keeps nobody with a token out.
   */
  spend(address: string, isKnown: boolean): number
  /** It was right: it does not count. */
  giveBack(address: string, isKnown: boolean): void
}

interface Bucket {
  left: number
  at: number
}

const { guessesPerAddress, guessAgainMs, guessesInAll, guessInAllAgainMs, addressesKept } = serveLimits

/** Time is handed in, ms. */
export function createGuesses(now: () => number): Guesses {
  const byAddress = new Map<string, Bucket>()
  const inAll = { known: full(guessesInAll), unknown: full(guessesInAll) }

  function full(left: number): Bucket {
    return { left, at: now() }
  }

  function refill(bucket: Bucket, most: number, eachMs: number): void {
    const grown = Math.max(0, now() - bucket.at) / eachMs
    bucket.left = Math.min(most, bucket.left + grown)
    bucket.at = now()
  }

  function bucketOf(address: string): Bucket {
    const key = networkOf(address)
    const bucket = byAddress.get(key) ?? full(guessesPerAddress)
    // The newest last: what is forgotten first was quiet for longest.
    byAddress.delete(key)
    byAddress.set(key, bucket)
    if (byAddress.size > addressesKept) byAddress.delete(byAddress.keys().next().value ?? '')
    return bucket
  }

  return {
    spend(address, isKnown) {
      const own = bucketOf(address)
      const all = isKnown ? inAll.known : inAll.unknown
      refill(own, guessesPerAddress, guessAgainMs)
      refill(all, guessesInAll, guessInAllAgainMs)
      if (own.left < 1) return Math.ceil((1 - own.left) * guessAgainMs)
      if (all.left < 1) return Math.ceil((1 - all.left) * guessInAllAgainMs)
      own.left -= 1
      all.left -= 1
      return 0
    },
    giveBack(address, isKnown) {
      bucketOf(address).left += 1
      const all = isKnown ? inAll.known : inAll.unknown
      all.left += 1
    },
  }
}

/** Whoever has one IPv6 address has 2^64 of them: they count as one. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!isIPv6(plain)) return plain
  const [before = '', after] = plain.toLowerCase().replace(/%.*$/, '').split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after ? after.split(':') : []
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const groups = [...head, ...Array<string>(zeros).fill('0'), ...tail]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
