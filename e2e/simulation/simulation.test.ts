import { describe, expect, it } from 'vitest'
import { bugs } from './plant/bugs.ts'
import { occurrences } from './plant/edit.ts'
import { smallWorld } from './plant/small-world.ts'
import { simulate, tellViolation, trace } from './simulate.ts'

const words = (violation: Parameters<typeof tellViolation>[0] | null): string =>
  violation ? tellViolation(violation).join('\n') : ''

describe('the simulation', () => {
  it('keeps every promise in seeds that are known', async () => {
    const { seeds, violation } = await simulate({ from: 1, to: 20 })
    expect(words(violation)).toBe('')
    expect(seeds).toBe(20)
  })

  it('keeps every promise in seeds that nobody has run before', async () => {
    const from = Math.floor(Math.random() * 2 ** 31)
    console.log(`seeds ${from}..${from + 59}`)
    const { seeds, violation, entries } = await simulate({ from, to: from + 59 })
    expect(words(violation)).toBe('')
    expect(seeds).toBe(60)
    expect(entries).toBeGreaterThan(0)
  })

  it('gives the same run for the same seed', async () => {
    const [first, second, other] = [await trace(77, null), await trace(77, null), await trace(78, null)]
    expect(second.trace).toEqual(first.trace)
    expect(second.hash).toBe(first.hash)
    expect(other.hash).not.toBe(first.hash)
  })

  it.each(['checkpoint-first', 'deleted-on-logged', 'no-skip'])('finds the planted bug %s', async (bug) => {
    const { violation } = await simulate({ from: 1, to: 100, bug })
    expect(violation).not.toBeNull()
  })

  it('knows for every planted bug and every small limit where in the shipped code it goes', () => {
    const lost = [...smallWorld, ...bugs.flatMap(({ edits }) => edits)].filter(
      (edit) => occurrences(edit) !== 1,
    )
    expect(lost.map(({ file, find }) => `${file}: ${find}`)).toEqual([])
  })
})
