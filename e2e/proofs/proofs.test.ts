import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withRows } from './document.ts'
import { proofs } from './proofs.ts'
import { readState, writeState } from './state.ts'

const finished = {
  ok: true,
  count: '3 things',
  seed: '7',
  result: 'all well',
  date: '2026-01-01',
  machine: '2 x something',
  minutes: 1.5,
}

test('a row takes the place of the one of the same proof, the others stay', () => {
  const first = withRows('', [{ proof: { name: 'a', what: 'A holds' }, finished }])
  const both = withRows(first, [{ proof: { name: 'b', what: 'B | C' }, finished }])
  const again = withRows(both, [
    { proof: { name: 'a', what: 'A holds' }, finished: { ...finished, ok: false, result: 'one was lost' } },
  ])
  expect(both).toContain('| `a` | A holds | 3 things | 7 | all well | 1.5 | 2026-01-01 |')
  expect(again).toContain('**failed**: one was lost')
  expect(again).toContain('B \\| C')
  expect(again.match(/^\| `a` \|/gm)).toHaveLength(1)
  expect(withRows(again, [])).toBe(again)
})

test('what a proof noted is there for the next run, and a proof without notes has none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-proofs-'))
  try {
    expect(readState(folder, 'kills')).toEqual({ finished: null, saved: null, spentMs: 0 })
    const state = { finished: null, saved: { parts: [1, 2] }, spentMs: 5_000 }
    writeState(folder, 'kills', state)
    expect(readState(folder, 'kills')).toEqual(state)
    expect(readState(folder, 'soak').saved).toBeNull()
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('each proof has a name of its own that fits a command line', () => {
  const names = proofs.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z-]+$/)
})
