import type { Bench } from './bench.ts'
import { buffer } from './buffer.bench.ts'
import { connect } from './connect.bench.ts'
import { engines } from './engines.bench.ts'
import { exporting } from './export.bench.ts'
import { idle } from './idle.bench.ts'
import { members } from './members.bench.ts'
import { pipeline } from './pipeline.bench.ts'
import { start } from './start.bench.ts'
import { wire } from './wire.bench.ts'

/** All benches, in the order in which they run. */
export const benches: readonly Bench[] = [
  wire,
  buffer,
  pipeline,
  exporting,
  engines,
  members,
  connect,
  idle,
  start,
]
