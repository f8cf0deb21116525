import { agentBugs } from './bugs/agent.ts'
import type { Bug } from './bugs/bug.ts'
import { collectorBugs } from './bugs/collector.ts'
import { wayOutBugs } from './bugs/way-out.ts'

/** Every planted bug. Corrections are not built yet, and with them their rule. */
export const bugs: readonly Bug[] = [...collectorBugs, ...wayOutBugs, ...agentBugs]

export function bugNamed(name: string): Bug {
  const bug = bugs.find((one) => one.name === name)
  if (!bug) throw new Error(`no bug is named ${name}; there are: ${bugs.map((one) => one.name).join(', ')}`)
  return bug
}
