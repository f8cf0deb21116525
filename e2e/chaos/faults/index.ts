import { clockFaults } from './clocks.ts'
import { diskFaults } from './disks.ts'
import { engineFaults } from './engines.ts'
import type { Shape } from '../collectors.ts'
import { type Fault, isIn } from './fault.ts'
import { fileFaults } from './files.ts'
import { networkFaults } from './network.ts'
import { processFaults } from './processes.ts'

/** Everything that a chaos run can do to real processes. */
export const chaosFaults: readonly Fault[] = [
  ...processFaults,
  ...networkFaults,
  ...engineFaults,
  ...diskFaults,
  ...clockFaults,
  ...fileFaults,
]

/** What a run stands on, and the rigs that run beside each other on it. */
export const stacks = { embedded: ['whole', 'split'], services: ['services'] } as const satisfies Readonly<
  Record<string, readonly Shape[]>
>

export type Stack = keyof typeof stacks

export const faultsOn = (stack: Stack): readonly Fault[] =>
  chaosFaults.filter((fault) => stacks[stack].some((shape) => isIn(shape)(fault)))
