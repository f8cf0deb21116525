import type { Bench } from './bench.ts'
import { wire } from './wire.bench.ts'

/** All benches, in the order in which they run. */
export const benches: readonly Bench[] = [wire]
