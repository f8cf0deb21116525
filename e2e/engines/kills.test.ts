import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chaosFaults } from '../chaos/faults/index.ts'
import { runChaos } from '../chaos/run.ts'
import { formatRows, problemsOf, rowsOf } from '../chaos/table.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'
import { killsOnServices } from '../proofs/kills.ts'

const needs = [needsMosquitto, needsKafka, needsMongodbToKill]
const title = needs.map((need) => need.title).join(' ')
const kills = 14

/** The proof `kills-services` in small. */
describe.skipIf(!needs.every(({ isMet }) => isMet))(`kill -9 of programs and engines ${title}`, () => {
  test('loses nothing silently, doubles nothing, and every window is right', {
    timeout: 900_000,
  }, async () => {
    const seed = randomInt(2 ** 31)
    console.log(`seed ${seed}: npm run chaos -- --stack services --minutes 0.5 --seed ${seed} tries the like`)
    const said: string[] = []
    const report = await runChaos({
      folder: join(temporaryFolder(), 'services'),
      seed,
      shape: 'services',
      devices: 2,
      faults: chaosFaults.filter(({ name }) => killsOnServices.includes(name)),
      hasDisks: false,
      until: { faults: kills },
      restMs: { device: 10_000, collector: 200, engine: 200 },
      say: (words) => said.push(words),
      signal: new AbortController().signal,
    })
    console.log(formatRows(rowsOf([report])))
    expect(problemsOf([report]), said.join('\n')).toEqual([])
    expect(report.occurrences).toHaveLength(kills)
    expect(report.verdict.stored.length).toBeGreaterThan(50)
  })
})
