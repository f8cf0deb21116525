import type { FaultName } from '../faults.ts'
import type { Proof } from '../proofs/proof.ts'
import type { Deed } from './engine/world.ts'
import { bugs } from './plant/bugs.ts'
import { neverFired, seedsPerBug, simulate, tellViolation } from './simulate.ts'

const seeds = 10_000
/** Between two notes of how far it is. */
const seedsPerPart = 250

interface SeedsDone {
  readonly done: number
  readonly entries: number
  readonly fired: Readonly<Partial<Record<FaultName | Deed, number>>>
}

/** Many seeds of the simulation, none of which breaks a promise. */
export const simulationProof: Proof<SeedsDone> = {
  name: 'simulation',
  what: 'no invariant breaks in the simulated system, whatever fault its seeds draw',
  async run({ saved, save, say, signal }) {
    let { done, entries, fired } = saved ?? { done: 0, entries: 0, fired: {} }
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
      const more = [...part.fired].map(([name, times]) => [name, times + (fired[name] ?? 0)] as const)
      fired = { ...fired, ...Object.fromEntries(more) }
      entries += part.entries
      done = to
      save({ done, entries, fired })
      say(`${done} of ${seeds} seeds, ${(part.seeds / part.seconds).toFixed(1)} seeds/s`)
    }
    const all = new Map(Object.entries(fired) as [FaultName | Deed, number][])
    const never = neverFired(all)
    if (never.length > 0) return found(false, `these never happened: ${never.join(', ')}`)
    const times = [...all.values()].reduce((sum, one) => sum + one, 0)
    return found(
      true,
      `0 violations; ${entries} entries accepted, ${times} faults and what else has to happen, of ${all.size} kinds, each at least ${Math.min(...all.values())} times`,
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
