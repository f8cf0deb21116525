import { expect, test } from 'vitest'
import { closingLine, needOf, summarize, type Report, type TestOutcome } from './test-summary.ts'

const reportOf = (tests: Record<string, TestOutcome['state']>, failed = false): Report => ({
  files: [
    { path: 'some.test.ts', failed, tests: Object.entries(tests).map(([name, state]) => ({ name, state })) },
  ],
})
const here = { exitCode: 0, allowed: [], isCi: false }
const inCi = { ...here, isCi: true }

test('a need is read from the title of a test or of a group around it', () => {
  expect(needOf('page [needs chromium] shows the latest reading')).toEqual({ need: 'chromium', hint: '' })
  expect(needOf('x [needs kafka: Java 17] y')).toEqual({ need: 'kafka', hint: 'Java 17' })
  expect(needOf('a reading three weeks late')).toBeNull()
})

test('the closing line counts what passed, failed and was skipped', () => {
  const report = reportOf(
    { a: 'passed', b: 'passed', c: 'failed', 'd [needs x]': 'skipped', e: 'pending' },
    true,
  )
  expect(closingLine(summarize(report, { ...here, exitCode: 1 }))).toBe('2 passed, 1 failed, 2 skipped')
})

test('a skip is listed with its need and the way to meet it', () => {
  const { skips } = summarize(reportOf({ 'p [needs kafka: Java 17] q': 'skipped', a: 'passed' }), here)
  expect(skips.join('\n')).toMatch(/1 x kafka: Java 17\n +p /)
})

test('in CI a skip fails the run unless its need is listed with a reason', () => {
  const report = reportOf({ 'p [needs radio]': 'skipped', q: 'skipped', a: 'passed' })
  const allowed = [{ need: 'radio', reason: 'no antenna in a data centre' }]
  const summary = summarize(report, { ...inCi, allowed })
  expect(summary).toMatchObject({ passed: 1, failed: 1, skipped: 1 })
  expect(summary.problems.join()).toContain('q')
  expect(summary.skips.join()).toContain('no antenna')
  expect(summarize(report, here)).toMatchObject({ failed: 0, skipped: 2 })
})

test('a run fails when nothing ran, all was skipped, a file broke, vitest crashed or an error was loose', () => {
  const runs = [
    summarize({ files: [] }, here),
    summarize(reportOf({ a: 'skipped' }), here),
    summarize(reportOf({}, true), { ...here, exitCode: 1 }),
    summarize(null, { ...here, exitCode: 139 }),
    summarize(reportOf({ a: 'passed' }), { ...here, exitCode: 1 }),
  ]
  for (const run of runs) {
    expect(run.failed).toBe(1)
    expect(run.problems).toHaveLength(1)
  }
})
