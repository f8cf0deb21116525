import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestModule } from 'vitest/node'
import type { Report } from './test-summary.ts'

const describeModule = (module: TestModule): Report['files'][number] => ({
  path: relative(process.cwd(), module.moduleId),
  failed: !module.ok(),
  tests: [...module.children.allTests()].map((test) => {
    const result = test.result()
    const note = result.state === 'skipped' ? result.note : undefined
    return { name: test.fullName, state: result.state, ...(note ? { note } : {}) }
  }),
})

/**
 * A vitest reporter that leaves the run's outcome in a file for scripts/test.ts. vitest makes reporters with `new`,
 * which hands back what a plain function returns; an arrow function would not do.
 */
export default function createReporter(): Reporter {
  return {
    onTestRunEnd: (modules) => {
      const report: Report = { files: modules.map(describeModule) }
      const path = process.env.BAROGRAPH_TEST_REPORT
      if (path) writeFileSync(path, JSON.stringify(report))
    },
  }
}
