import type { Outcome, Proof } from './proof.ts'
import { runSoak, type Sample } from './soak-run.ts'

const daySeconds = 86_400
const realSeconds = 420
const sensors = 5
/** Memory is compared with what it was after this part of the run. */
const settledPart = 0.1
const growthMb = 20

export const soak: Proof = {
  name: 'soak',
  what: `an accelerated day: memory of agent and collector after a forced collection stays within ${growthMb} MB of what it was after a tenth of it`,
  async run({ folder, say, signal }) {
    const { samples, stored, expected, wrongWindows, audit } = await runSoak({
      folder,
      daySeconds,
      realSeconds,
      sensors,
      looks: 20,
      say,
      signal,
    })
    const agent = growthOf(samples, ({ agentMb }) => agentMb)
    const collector = growthOf(samples, ({ collectorMb }) => collectorMb)
    const problems = [
      agent.mb > growthMb && `the agent grew: ${agent.words}`,
      collector.mb > growthMb && `the collector grew: ${collector.words}`,
      stored !== expected && `${stored} readings are stored`,
      wrongWindows > 0 && `${wrongWindows} windows are wrong`,
      audit,
    ].filter((words): words is string => typeof words === 'string' && words !== '')
    return {
      ok: problems.length === 0,
      count: `a day of ${sensors} sensors at 1 reading/s in ${realSeconds} s: ${expected} readings, beside ${sensors} live sensors at 10 readings/s`,
      seed: 'none',
      result:
        problems.length > 0 ? problems.join('; ') : `agent ${agent.words}; collector ${collector.words}`,
    } satisfies Outcome
  },
}

/** The most that any later sample is above the one after a tenth of the run. */
function growthOf(samples: readonly Sample[], of: (sample: Sample) => number): { mb: number; words: string } {
  const before = samples.findLast(({ part }) => part <= settledPart + 1e-9)
  const later = samples.filter(({ part }) => part > settledPart + 1e-9).map(of)
  const from = before ? of(before) : Number.NaN
  const most = Math.max(...later)
  return { mb: most - from, words: `${from.toFixed(1)} MB RSS at 10 %, at most ${most.toFixed(1)} MB after` }
}
