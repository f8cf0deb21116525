import type { Random } from '../engine/random.ts'

/** How bad this run is: drawn once for each seed, so that some runs have few kinds of faults and others all of them. */
export interface Weather {
  /** Of a write or read of the roll: the process dies there. */
  readonly rollCrash: number
  /** It stands still there, for long, and goes on as if nothing had been. */
  readonly rollSleep: number
  /** Another event may come in between. */
  readonly rollYield: number
  readonly storeFull: number
  readonly readError: number
  /** Of an append. */
  readonly bridgeCrash: number
  readonly appendMs: number
  readonly recordLost: number
  readonly tornAppend: number
  readonly logFull: number
  /** Of a commit of the agent. */
  readonly agentCrash: number
  readonly commitFails: number
  /** Of a message. */
  readonly doubled: number
  readonly late: number
  readonly refused: number
  readonly receiptLost: number
  readonly latencyMs: number
  /** Faults that are not tied to a write, for each simulated minute. */
  readonly perMinute: number
}

/** Mostly nothing, sometimes a little, sometimes much. */
const often = (random: Random, little: number, much: number): number =>
  random.chance(0.4) ? 0 : random.chance(0.6) ? little : much

export function drawWeather(random: Random): Weather {
  return {
    rollCrash: often(random, 0.002, 0.01),
    rollSleep: often(random, 0.002, 0.01),
    rollYield: random.between(0.02, 0.3),
    storeFull: often(random, 0.002, 0.01),
    readError: often(random, 0.001, 0.004),
    bridgeCrash: often(random, 0.005, 0.03),
    appendMs: random.pick([2, 20, 200, 1_000]),
    recordLost: often(random, 0.01, 0.05),
    tornAppend: often(random, 0.05, 0.3),
    logFull: often(random, 0.01, 0.05),
    agentCrash: often(random, 0.003, 0.02),
    commitFails: often(random, 0.01, 0.1),
    doubled: often(random, 0.05, 0.2),
    late: often(random, 0.05, 0.2),
    refused: often(random, 0.01, 0.05),
    receiptLost: often(random, 0.1, 0.5),
    latencyMs: random.pick([1, 20, 150, 1_500]),
    perMinute: random.pick([2, 6, 12, 25]),
  }
}

/** When the faults have stopped. */
export const calm: Weather = {
  rollCrash: 0,
  rollSleep: 0,
  rollYield: 0.02,
  storeFull: 0,
  readError: 0,
  bridgeCrash: 0,
  appendMs: 2,
  recordLost: 0,
  tornAppend: 0,
  logFull: 0,
  agentCrash: 0,
  commitFails: 0,
  doubled: 0,
  late: 0,
  refused: 0,
  receiptLost: 0,
  latencyMs: 5,
  perMinute: 0,
}
