import type { Need } from '../needs.ts'

/** How much work: full for RESULTS.md, small so that the tests prove that it still runs. */
export type Size = 'full' | 'small'

/** One figure. `against`: the peer or limit that was measured in the same run. */
export interface Row {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly against?: { readonly what: string; readonly value: number }
  readonly goal?: string
}

export interface Bench {
  readonly name: string
  readonly title: string
  /** What it needs of the machine; without it, it does not run. */
  readonly needs?: readonly Need[]
  /** Found once by hand, for whoever reads the figures. */
  readonly notes?: string
  run(size: Size): Promise<Row[]>
}

/** The middle of several runs, after one that does not count. */
export async function median(runs: number, measure: () => Promise<number> | number): Promise<number> {
  await measure()
  const values: number[] = []
  for (let i = 0; i < runs; i++) values.push(await measure())
  return values.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? Number.NaN
}
