import { encodeRelease, isCoded } from '@barograph/proto'
import { goOverToLog } from '../../../collector/core/rebuild/new-log.ts'
import { rebuildAll } from '../../../collector/core/rebuild/rebuild.ts'
import type { Retention } from '../../../collector/core/retention/limits.ts'
import { keepSwept } from '../../../collector/core/retention/sweeper.ts'
import { type Machine, type Process, startProcess } from '../engine/process.ts'
import { Violation, type World } from '../engine/world.ts'
import type { SimulatedLog } from './log.ts'
import type { SimulatedStore } from './store.ts'

/** What people and programs do beside the rolls, each time in a process that may die on the way. */
export interface Operator {
  /** Lets numbers count that wait in quarantine, and others that do not. */
  release(device: string, ranges: readonly NumberedRange[]): void
  /** Makes all windows anew. */
  rebuild(): void
  /** Goes over to the log as it is now; again and again until it is done. */
  goOver(): void
  isGoingOver(): boolean
  /** Retention, for as long as it lives; starts again when it dies. */
  sweep(retention: Retention): void
  close(): void
}

interface NumberedRange {
  readonly sensor: string
  readonly epoch: string
  readonly firstSeq: number
  readonly lastSeq: number
}

export function createOperator(options: {
  readonly world: World
  readonly machine: Machine
  readonly log: SimulatedLog
  readonly store: SimulatedStore
}): Operator {
  const { world, machine, log, store } = options
  const running = new Set<Process>()
  let isGoingOver = false
  let runs = 0

  /** Does something in a process of its own; `then` hears whether it came to its end. */
  function run(
    name: string,
    act: (process: Process) => Promise<void>,
    then: (isDone: boolean) => void = () => {},
  ): void {
    const process = startProcess(world, `${name}.${runs++}`, machine)
    running.add(process)
    let isDone = false
    process.onEnd(() => {
      running.delete(process)
      then(isDone)
    })
    act(process).then(
      () => {
        isDone = process.alive
        process.kill()
      },
      (error: unknown) => {
        if (!process.alive) return
        world.note(`${process.name} ends: ${String(error)}`)
        process.kill()
        if (!isCoded(error))
          world.violate(
            new Violation('crash', `${name}: ${error instanceof Error ? error.stack : String(error)}`),
          )
      },
    )
  }

  function goOver(): void {
    if (isGoingOver) return
    isGoingOver = true
    run(
      'new-log',
      async (process) => {
        const own = { store: store.clientOf(process), log: log.clientOf(process), progress() {} }
        for await (const { partition, state } of goOverToLog(own)) {
          world.note(`${process.name} partition ${partition} ${state}`)
          if (state === 'over') world.deed('new-log')
        }
        await store.mirror.refresh()
      },
      (isDone) => {
        isGoingOver = false
        if (!isDone) world.schedule(world.random.between(100, 3_000), null, goOver)
      },
    )
  }

  return {
    release(device, ranges) {
      const value = encodeRelease({ device, ranges, by: 'somebody', why: 'looks right' })
      run('release', async (process) => {
        const ingestMs = machine.wallMs()
        await log
          .clientOf(process)
          .append([{ device, kind: 'release', ingestMs, quarantineAfterMs: null, value }])
      })
    },
    rebuild() {
      run('rebuild', async (process) => {
        const outcomes = rebuildAll({
          store: store.clientOf(process),
          log: log.clientOf(process),
          device: null,
          isDry: false,
          clock: process.clock,
          signal: new AbortController().signal,
          makeToken: () => world.random.hex(8),
          progress() {},
        })
        for await (const { device, state } of outcomes) {
          world.note(`${process.name} ${device} ${state}`)
          if (state === 'swapped') world.deed('rebuilt')
        }
      })
    },
    goOver,
    isGoingOver: () => isGoingOver,
    sweep(retention) {
      const start = (): void =>
        run(
          'sweeper',
          (process) =>
            keepSwept({
              log: log.clientOf(process),
              store: store.clientOf(process),
              retention,
              clock: process.clock,
              signal: new AbortController().signal,
              report(outcome) {
                if (typeof outcome === 'string') world.note(`${process.name}: ${outcome}`)
              },
            }),
          () => world.schedule(world.random.between(100, 5_000), null, start),
        )
      start()
    },
    close() {
      for (const process of running) process.kill()
    },
  }
}
