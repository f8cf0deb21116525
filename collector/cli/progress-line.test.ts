import { expect, it } from 'vitest'
import { progressWords } from './progress-line.ts'

it('tells rate and rest from where this run began', () => {
  const begun = { atMs: 1_000, done: 1_000, nowMs: 3_000 }
  expect(progressWords(1_800, 4_800, begun)).toBe('1,800 of 4,800, 400/s, about 8 s left')
  expect(progressWords(1_000, 200_000, begun)).toBe('1,000 of 200,000')
  expect(progressWords(1_800, 4_000_000, begun)).toBe('1,800 of 4,000,000, 400/s, about 3 h left')
})
