import { clockFaults } from './clocks.ts'
import { diskFaults } from './disks.ts'
import type { Fault } from './fault.ts'
import { fileFaults } from './files.ts'
import { networkFaults } from './network.ts'
import { processFaults } from './processes.ts'

/** Everything that a chaos run can do to real processes. */
export const chaosFaults: readonly Fault[] = [
  ...processFaults,
  ...networkFaults,
  ...diskFaults,
  ...clockFaults,
  ...fileFaults,
]
