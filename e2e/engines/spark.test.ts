import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { sparkEnvironment, sparkFolder } from '../../scripts/spark/environment.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { root, run } from '../harness/process.ts'
import { needsSpark } from '../needs.ts'

const execute = promisify(execFile)
/** For what takes a minute on a machine that has nothing else to do. */
const options = { timeout: 1_200_000 }

describe.skipIf(!needsSpark.isMet)(`the Spark job's own code ${needsSpark.title}`, () => {
  test(
    'decodes what our encoder writes, and makes the documents of the fold, dying at any write',
    options,
    async () => {
      const { python } = await sparkEnvironment(() => {})
      const file = join(temporaryFolder(), 'vectors.json')
      // 20 logs from seed 1 on; what fails names the seed of its log.
      const made = await run([join(root, 'e2e/spark/vectors.ts'), file, '20', '1'])
      expect(made.code, made.stderr).toBe(0)
      const tests = await execute(python, ['-m', 'unittest', '--quiet'], {
        cwd: sparkFolder,
        env: { ...process.env, BAROGRAPH_SPARK_VECTORS: file, PYTHONDONTWRITEBYTECODE: '1' },
      })
      expect(tests.stderr).toMatch(/Ran \d+ tests[^]*OK/)
    },
  )
})
