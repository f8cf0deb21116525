import { join } from 'node:path'
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { chaosFaults } from './chaos/faults/index.ts'
import { runChaos } from './chaos/run.ts'
import type { Shape } from './chaos/collectors.ts'
import { formatRows, problemsOf, rowsOf } from './chaos/table.ts'
import { temporaryFolder } from './harness/folder.ts'
import { needsSmallDisk } from './needs.ts'

/** A fixed one, so that a run can be compared with the last, and a fresh one, so that each run tries something new. */
const seeds = [4, randomInt(2 ** 31)]
const shapes: readonly Shape[] = ['whole', 'split']
const faultMs = 20_000

test.each(seeds.map((seed, i) => [seed, shapes[i % shapes.length] as Shape] as const))(
  'real processes under faults drawn from seed %i (%s) double nothing, lose nothing silently, and every window is right',
  { timeout: 400_000 },
  async (seed, shape) => {
    console.log(`seed ${seed}, ${shape}: npm run chaos -- --minutes 0.35 --seed ${seed} tries the like`)
    const said: string[] = []
    const report = await runChaos({
      folder: join(temporaryFolder(), shape),
      seed,
      shape,
      devices: 3,
      faults: chaosFaults.filter(({ isLong }) => !isLong),
      hasDisks: needsSmallDisk.isMet,
      until: { ms: faultMs },
      restMs: { device: 1_500, collector: 1_500, engine: 1_500 },
      say: (words) => said.push(words),
      signal: new AbortController().signal,
    })
    console.log(formatRows(rowsOf([report])))
    expect(problemsOf([report]), said.join('\n')).toEqual([])
    expect(report.occurrences.length).toBeGreaterThan(3)
    expect(report.verdict.stored.length).toBeGreaterThan(50)
  },
)
