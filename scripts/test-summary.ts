/** A run's outcome, as scripts/test-reporter.ts leaves it. */
export type Report = { files: { path: string; failed: boolean; tests: TestOutcome[] }[] }

/** A test by its full name ("group > test"); the note is what it gave as its reason to skip itself. */
export type TestOutcome = { name: string; state: 'passed' | 'failed' | 'skipped' | 'pending'; note?: string }

/** One entry of e2e/needs.json: what the machine may lack in CI, and why that is accepted. */
export type AllowedNeed = { need: string; reason: string }

export type Summary = {
  passed: number
  failed: number
  skipped: number
  /** What was skipped and why, ready to print; empty when nothing was. */
  skips: string[]
  /** Failures that vitest's own output does not show, ready to print. */
  problems: string[]
}

type Options = { exitCode: number; allowed: AllowedNeed[]; isCi: boolean }

const TITLES_SHOWN_PER_NEED = 5

/** Reads `[needs chromium]` or `[needs chromium: apt-get install chromium]` out of a test's full name. */
export const needOf = (fullName: string): { need: string; hint: string } | null => {
  const found = /\[needs ([^\]:]+)(?::\s*([^\]]*))?\]/.exec(fullName)
  return found ? { need: found[1]?.trim() ?? '', hint: found[2]?.trim() ?? '' } : null
}

/** Turns vitest's report and exit code into counts, the list of skips and what else went wrong. */
export const summarize = (report: Report | null, { exitCode, allowed, isCi }: Options): Summary => {
  if (!report) {
    const problem = `vitest ended with exit code ${exitCode} and without a report.`
    return { passed: 0, failed: 1, skipped: 0, skips: [], problems: [problem] }
  }
  const tests = report.files.flatMap((file) => file.tests)
  const skippedTests = tests.filter((test) => test.state === 'skipped' || test.state === 'pending')
  // A file that cannot be loaded has no tests to fail, yet it is a failure.
  const brokenFiles = report.files.filter(
    (file) => file.failed && !file.tests.some((test) => test.state === 'failed'),
  )
  const passed = tests.filter((test) => test.state === 'passed').length
  let failed = tests.filter((test) => test.state === 'failed').length + brokenFiles.length
  const problems = brokenFiles.map((file) => `${file.path} failed outside its tests.`)

  const forbidden = isCi ? skippedTests.filter((test) => !isAllowed(test.name, allowed)) : []
  for (const test of forbidden) problems.push(`Skipped, but not listed in e2e/needs.json: ${test.name}`)
  failed += forbidden.length

  if (passed + failed === 0) {
    problems.push('No test ran.')
    failed = 1
  } else if (exitCode !== 0 && failed === 0) {
    problems.push(`vitest ended with exit code ${exitCode}: an error outside any test, see above.`)
    failed = 1
  }
  const skipped = skippedTests.length - forbidden.length
  return { passed, failed, skipped, skips: describeSkips(skippedTests, allowed), problems }
}

const isAllowed = (fullName: string, allowed: AllowedNeed[]) => {
  const need = needOf(fullName)?.need
  return allowed.some((entry) => entry.need === need)
}

const describeSkips = (tests: TestOutcome[], allowed: AllowedNeed[]): string[] => {
  const byNeed = Map.groupBy(tests, (test) => needOf(test.name)?.need ?? 'no need named')
  return [...byNeed].flatMap(([need, group]) => {
    const hint = group.map((test) => needOf(test.name)?.hint).find(Boolean)
    const why = [hint, allowed.find((entry) => entry.need === need)?.reason].filter(Boolean).join('; ')
    const titles = group.slice(0, TITLES_SHOWN_PER_NEED).map(titleOf)
    const rest = group.length - titles.length
    return [
      `  ${group.length} x ${need}${why && `: ${why}`}`,
      ...titles.map((title) => `      ${title}`),
      ...(rest > 0 ? [`      and ${rest} more`] : []),
    ]
  })
}

/** The need stands above the list already; a reason that the test itself gave does not. */
const titleOf = ({ name, note }: TestOutcome) => {
  const title = name.replace(/ ?\[needs [^\]]*\]/g, '')
  return note ? `${title} (${note})` : title
}

/** The line every run ends with; .ci/run and people look for exactly this. */
export const closingLine = ({ passed, failed, skipped }: Summary): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`
