import type { Log, DeadLetter } from '../../../collector/core/log.ts'
import { createBridge } from '../../../collector/core/bridge.ts'
import type { Accept } from '../../../collector/core/ingest.ts'
import type { NumberRange } from '../../../collector/core/read-identity.ts'
import { createReceipts } from '../../../collector/core/receipts.ts'
import type { StoredReceipt } from '../../../collector/core/roll.ts'
import { type Machine, type Process, startProcess } from '../engine/process.ts'
import { Violation, type World } from '../engine/world.ts'

/** Broker and bridge in one process, as the embedded ones are. */
export interface BridgeHost {
  readonly process: Process
  readonly accept: Accept
  /** What a roll says is stored. */
  stored(receipts: readonly StoredReceipt[]): void
  /** Connections that hear of receipts: topic, then bytes. */
  readonly listeners: Set<(topic: string, payload: Uint8Array) => void>
}

/** Starts one on the shipped bridge and receipts. */
export function startBridge(options: {
  readonly world: World
  readonly machine: Machine
  readonly name: string
  readonly logOf: (process: Process) => Log
  /** Looks whether what is said to be logged is. */
  readonly checkLogged: (device: string, ranges: readonly NumberRange[]) => void
}): BridgeHost {
  const { world, machine, name } = options
  const process = startProcess(world, name, machine)
  const listeners: BridgeHost['listeners'] = new Set()
  const receipts = createReceipts({
    clock: process.clock,
    send: (topic, payload) => {
      if (!process.alive) return
      world.note(`${name} says ${topic} ${payload.length}`)
      for (const listener of listeners) listener(topic, payload)
    },
  })
  const letters: Omit<DeadLetter, 'id'>[] = []
  const bridge = createBridge({
    log: options.logOf(process),
    deadLetters: {
      add: async (more) => {
        letters.push(...more)
      },
    },
    clock: process.clock,
    logged(device, ranges) {
      options.checkLogged(
        device,
        ranges.filter((range) => !('reason' in range)),
      )
      receipts.logged(device, ranges)
    },
    tellTime: receipts.time,
    report: (trouble) => world.note(`${name} trouble: ${trouble ?? 'over'}`),
    fail: (error) => world.violate(new Violation('crash', `${name} failed: ${String(error)}`)),
  })
  return {
    process,
    listeners,
    accept: bridge.accept,
    stored: (list) => receipts.stored(list),
  }
}
