import { expect, test } from 'vitest'
import { serveLimits } from '../limits.ts'
import { createGuesses, networkOf } from './guesses.ts'

const { guessesPerAddress, guessAgainMs, guessesInAll, guessInAllAgainMs, addressesKept } = serveLimits

/** How many of so many attempts are looked at. */
function looked(attempts: number, spend: (i: number) => number): number {
  return Array.from({ length: attempts }, (_, i) => spend(i)).filter((waitMs) => waitMs === 0).length
}

test('an address has some guesses, then one each few seconds', () => {
  let now = 0
  const guesses = createGuesses(() => now)
  expect(looked(1_000, () => guesses.spend('192.0.2.1', true))).toBe(guessesPerAddress)
  expect(guesses.spend('192.0.2.1', true)).toBe(guessAgainMs)
  expect(guesses.spend('192.0.2.2', true)).toBe(0)
  now += guessAgainMs
  expect(looked(10, () => guesses.spend('192.0.2.1', true))).toBe(1)
})

test('many addresses together have a bound too', () => {
  let now = 0
  const guesses = createGuesses(() => now)
  expect(looked(1_000, (i) => guesses.spend(`10.0.${i >> 8}.${i & 255}`, true))).toBe(guessesInAll)
  now += guessInAllAgainMs
  expect(looked(1_000, (i) => guesses.spend(`10.1.${i >> 8}.${i & 255}`, true))).toBe(1)
})

test('those who guess ids keep nobody out whose token has one', () => {
  const guesses = createGuesses(() => 0)
  looked(1_000, (i) => guesses.spend(`10.0.${i >> 8}.${i & 255}`, false))
  expect(guesses.spend('10.9.9.9', false)).toBeGreaterThan(0)
  expect(guesses.spend('10.9.9.9', true)).toBe(0)
})

test('a right token does not count', () => {
  const guesses = createGuesses(() => 0)
  const signIn = (): number => {
    const waitMs = guesses.spend('192.0.2.1', true)
    guesses.giveBack('192.0.2.1', true)
    return waitMs
  }
  expect(looked(1_000, signIn)).toBe(1_000)
  expect(looked(100, () => guesses.spend('192.0.2.1', true))).toBe(guessesPerAddress)
})

test('a clock that goes back gives nothing and takes nothing', () => {
  let now = 1_000_000
  const guesses = createGuesses(() => now)
  expect(looked(20, () => guesses.spend('192.0.2.1', true))).toBe(guessesPerAddress)
  now = 0
  expect(guesses.spend('192.0.2.1', true)).toBe(guessAgainMs)
})

test('an address that was not forgotten is still counted after as many others as are kept', () => {
  const guesses = createGuesses(() => 0)
  looked(guessesPerAddress, () => guesses.spend('192.0.2.1', false))
  for (let i = 0; i < addressesKept - 1; i++)
    guesses.spend(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, false)
  expect(guesses.spend('192.0.2.1', true)).toBeGreaterThan(0)
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64'],
  ['2001:0db8:0000:0001::2', '2001:db8:0:1::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
