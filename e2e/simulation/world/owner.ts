import { isCoded } from '@barograph/proto'
import { createRoll, type StoredReceipt } from '../../../collector/core/roll.ts'
import { type Machine, type Process, startProcess } from '../engine/process.ts'
import { Violation, type World } from '../engine/world.ts'
import type { SimulatedLog } from './log.ts'
import type { SimulatedStore } from './store.ts'

/** A roll of one partition, in a process of its own. */
export interface Owner {
  readonly process: Process
  readonly partition: number
  stop(): void
}

export function startOwner(options: {
  readonly world: World
  readonly machine: Machine
  readonly name: string
  readonly log: SimulatedLog
  readonly store: SimulatedStore
  readonly partition: number
  readonly levels: readonly string[]
  readonly flushIntervalMs: number
  /** It ended because the log is not the one that was folded. */
  readonly logReplaced: () => void
  readonly publish: (receipts: readonly StoredReceipt[]) => void
}): Owner {
  const { world, partition, name } = options
  const process = startProcess(world, name, options.machine)
  const ending = new AbortController()
  const roll = createRoll({
    log: options.log.clientOf(process),
    store: options.store.clientOf(process),
    partition,
    settings: { defaultTimeZone: 'UTC', levels: options.levels },
    flushIntervalMs: options.flushIntervalMs,
    publish: (receipts) => {
      if (process.alive) options.publish(receipts)
    },
    report: () => {},
    clock: process.clock,
  })
  roll.run(ending.signal).then(
    () => process.kill(),
    (error: unknown) => {
      if (!process.alive) return
      world.note(`${name} ends: ${String(error)}`)
      process.kill()
      // A supervisor starts it again; a bug it is none the less, unless it says in words what is wrong.
      if (isCoded(error, 'log-cut') || isCoded(error, 'other-log')) options.logReplaced()
      if (!isCoded(error)) world.violate(new Violation('crash', `${name}: ${stackOf(error)}`))
    },
  )
  return { process, partition, stop: () => ending.abort() }
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
