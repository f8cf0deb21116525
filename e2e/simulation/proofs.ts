import type { FaultName } from '../faults.ts'
import type { Proof } from '../proofs/proof.ts'
import { bugs } from './plant/bugs.ts'
import { neverFired, seedsPerBug, simulate, tellViolation } from './simulate.ts'

const seeds = 10_000
/** Between two notes of how far it is. */
const seedsPerPart = 250

interface SeedsDone {
  readonly done: number
  readonly entries: number
  readonly faults: Readonly<Partial<Record<FaultName, number>>>
}

/** Many seeds of the simulation, none of which breaks a promise. */
export const simulationProof: Proof<SeedsDone> = {
  name: 'simulation',
  what: 'no invariant breaks in the simulated system, whatever fault its seeds draw',
  async run({ saved, save, say, signal }) {
    let { done, entries, faults } = saved ?? { done: 0, entries: 0, faults: {} }
    const found = (ok: boolean, result: string) => ({
      ok,
      count: `${done} seeds`,
      seed: `1..${seeds}`,
      result,
    })
    while (done < seeds) {
      signal.throwIfAborted()
      const to = Math.min(seeds, done + seedsPerPart)
      const part = await simulate({ from: done + 1, to })
      if (part.violation) return found(false, tellViolation(part.violation).join(' '))
      const more = [...part.faults].map(([name, times]) => [name, times + (faults[name] ?? 0)] as const)
      faults = { ...faults, ...Object.fromEntries(more) }
      entries += part.entries
      done = to
      save({ done, entries, faults })
      say(`${done} of ${seeds} seeds, ${(part.seeds / part.seconds).toFixed(1)} seeds/s`)
    }
    const fired = new Map(Object.entries(faults) as [FaultName, number][])
    const never = neverFired(fired)
    if (never.length > 0) return found(false, `these faults never happened: ${never.join(', ')}`)
    const times = [...fired.values()].reduce((sum, one) => sum + one, 0)
    return found(
      true,
      `0 violations; ${entries} entries accepted, ${times} faults of ${fired.size} kinds, each at least ${Math.min(...fired.values())} times`,
    )
  },
}

/** The seed at which each planted bug was found. */
type BugsFound = Readonly<Record<string, number>>

/** Every planted bug is found: the simulation is able to fail. */
export const bugsProof: Proof<BugsFound> = {
  name: 'planted-bugs',
  what: 'each rule of the protocol, broken on purpose, is found by the simulation',
  async run({ saved, save, say, signal }) {
    let at: BugsFound = saved ?? {}
    const found = (ok: boolean, result: string) => ({
      ok,
      count: `${bugs.length} bugs`,
      seed: `1..${seedsPerBug}`,
      result,
    })
    for (const { name } of bugs) {
      if (at[name] !== undefined) continue
      signal.throwIfAborted()
      const { violation } = await simulate({ from: 1, to: seedsPerBug, bug: name })
      if (!violation) return found(false, `${name} was not found`)
      at = { ...at, [name]: violation.seed }
      save(at)
      say(`${name}: seed ${violation.seed}`)
    }
    const list = bugs.map(({ name }) => `${name} ${at[name] ?? '?'}`).join(', ')
    return found(true, `all found, at seed: ${list}`)
  },
}
