import { decodeBatch } from '@barograph/proto'
import type { NumberRange } from '../../../collector/core/read-identity.ts'
import type { LogRecord } from '../../../collector/core/log.ts'
import type { StoredReceipt } from '../../../collector/core/roll.ts'
import type { Level, ZoneName } from '../check/calendar.ts'
import type { ReceiptCheck } from '../check/stored.ts'
import { createMachine } from '../engine/process.ts'
import { Violation, type World } from '../engine/world.ts'
import { type BridgeHost, startBridge } from './bridge.ts'
import { createSimulatedLog, type SimulatedLog } from './log.ts'
import { createOperator, type Operator } from './operator.ts'
import { type Owner, startOwner } from './owner.ts'
import { createSimulatedStore, type SimulatedStore, type StoreCopy } from './store.ts'
import type { Weather } from './weather.ts'

/** Bridges, log, rolls and store. */
export interface Collector {
  readonly log: SimulatedLog
  readonly store: SimulatedStore
  bridges(): readonly BridgeHost[]
  /** All that live, and of each partition also those that another has taken over from. */
  owners(): readonly Owner[]
  startOwner(partition: number): Owner
  /** What a receipt is checked by; known once the ledger is. */
  onReceipts(check: ReceiptCheck): void
  readonly operator: Operator
  /** Stops every program of the collector, as somebody does who is about to replace what it works on. */
  killAll(): void
  /**
   * An older copy of the store takes its place: made the first time, put back the next time. False: it was made, or
   * it lacks the site of a device, which windows are cut by: the device was told, and says it again only later.
   */
  restoreStore(): boolean
  mayDamage(): boolean
  /** The log was cut or made anew: it may have been all that knew what a restored store has lost. */
  logDamaged(): void
  jumpClocks(byMs: number): void
  calmDown(): void
  /** Everything in the log is folded, at this moment. */
  isDrained(): Promise<boolean>
  left(): string[]
  close(): void
}

const restartMs = 2_000

export function createCollector(options: {
  readonly world: World
  readonly weather: () => Weather
  readonly partitions: number
  readonly levels: readonly Level[]
  readonly flushIntervalMs: number
  readonly startMs: number
  readonly zoneOf: (device: string) => ZoneName
}): Collector {
  const { world, weather, partitions } = options
  const { random } = world
  const log = createSimulatedLog(world, weather, partitions)
  const store = createSimulatedStore(world, weather, partitions)
  const machine = createMachine(world, 'collector', options.startMs)
  const operator = createOperator({ world, machine, log, store })
  const hosts: BridgeHost[] = []
  const owners: Owner[] = []
  let names = 0
  let backup: { readonly copy: StoreCopy; readonly sited: ReadonlySet<string> } | null = null
  let isRestored = false
  let check: ReceiptCheck | null = null
  const currentLog = (): LogRecord[] => log.records.flat()

  /** What is said to be logged was taken by the log, which may have lost it since. */
  function checkLogged(device: string, ranges: readonly NumberRange[]): void {
    for (const { sensor, epoch, firstSeq, lastSeq } of ranges) {
      world.about(device, sensor, epoch, firstSeq, lastSeq, 'logged')
      if (!isLogged(device, sensor, epoch, firstSeq, lastSeq))
        world.violate(
          new Violation('receipt-behind', 'said to be logged, and the log never took it', {
            device,
            sensor,
            epoch,
            seq: firstSeq,
          }),
        )
    }
  }

  function isLogged(device: string, sensor: string, epoch: string, first: number, last: number): boolean {
    // The newest first: it was appended a moment ago.
    for (let i = log.taken.length - 1; i >= 0; i--) {
      const record = log.taken[i]
      if (record?.device !== device || record.kind !== 'batch') continue
      const { runs, summaries } = decodeBatch(record.value)
      const parts = [
        ...runs.map((run) => ({ ...run, lastSeq: run.firstSeq + run.times.length - 1 })),
        ...summaries,
      ]
      if (
        parts.some(
          (part) =>
            part.sensor === sensor &&
            part.epoch === epoch &&
            part.firstSeq === first &&
            part.lastSeq === last,
        )
      )
        return true
    }
    return false
  }

  function openBridge(at: number): void {
    const host = startBridge({
      world,
      machine,
      name: `bridge-${at}.${names++}`,
      logOf: log.clientOf,
      checkLogged,
    })
    hosts[at] = host
    host.process.onEnd(() =>
      world.schedule(world.isCalm() ? 10 : random.between(10, restartMs), null, () => openBridge(at)),
    )
  }

  function publish(receipts: readonly StoredReceipt[]): void {
    check?.check(receipts)
    for (const host of hosts) {
      if (random.chance(weather().receiptLost)) world.fault('receipt-lost', host.process.name)
      else world.schedule(random.between(0, weather().latencyMs), host.process, () => host.stored(receipts))
    }
  }

  /** Devices whose site the store knows. */
  const sited = (): Set<string> =>
    new Set(
      [...store.mirror.all('devices').values()].flatMap((one) => (one.sites.length > 0 ? [one.id] : [])),
    )

  function killAll(): void {
    for (const { process } of hosts) process.kill()
    for (const { process } of owners.slice()) process.kill()
  }

  function openOwner(partition: number): Owner {
    const owner = startOwner({
      world,
      machine,
      name: `roll-${partition}.${names++}`,
      log,
      store,
      partition,
      levels: options.levels,
      flushIntervalMs: options.flushIntervalMs,
      publish,
      // Somebody reads the words that it ends with, and does what they say.
      logReplaced: () => world.schedule(random.between(100, 5_000), null, operator.goOver),
    })
    owners.push(owner)
    // Whoever stands still is taken for dead, and comes back as if nothing had been.
    owner.process.onFreeze(() => {
      if (random.chance(0.6)) world.schedule(random.between(100, 5_000), null, () => keepOwner(partition))
    })
    owner.process.onEnd(() => {
      owners.splice(owners.indexOf(owner), 1)
      if (owners.every((other) => other.partition !== partition || other.process.frozenUntil > world.now()))
        world.schedule(world.isCalm() ? 10 : random.between(10, restartMs), null, () => keepOwner(partition))
    })
    return owner
  }

  /** There is always one that is awake, or will be soon. */
  function keepOwner(partition: number): void {
    if (owners.some((owner) => owner.partition === partition && owner.process.frozenUntil <= world.now()))
      return
    openOwner(partition)
  }

  for (let at = 0; at < random.whole(1, 2); at++) openBridge(at)
  for (let partition = 0; partition < partitions; partition++)
    for (let owner = random.chance(0.3) ? 2 : 1; owner > 0; owner--) openOwner(partition)

  const behind = async (): Promise<string[]> => {
    const list: string[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const position = (await store.disk().checkpoint(partition))?.position.n ?? 0
      const end = log.records[partition]?.length ?? 0
      if (position < end) list.push(`partition ${partition} is at ${position} of ${end}`)
    }
    return list
  }
  /** What is behind, as of the last look. */
  let late: string[] = []

  return {
    log,
    store,
    bridges: () => hosts,
    owners: () => owners,
    startOwner: openOwner,
    onReceipts(given) {
      check = given
    },
    operator,
    killAll,
    restoreStore() {
      if (!backup) {
        backup = { copy: store.backUp(), sited: sited() }
        return false
      }
      const { copy, sited: known } = backup
      backup = null
      if (![...sited()].every((device) => known.has(device))) return false
      isRestored = true
      killAll()
      operator.close()
      // Told to be stored, and neither in the copy nor in the log: gone, and docs/delivery.md says so.
      void store.restore(copy).then(() => check?.forget(currentLog()))
      // One that was made on the way over to another log says in words that this is to be run again.
      world.schedule(random.between(100, 5_000), null, operator.goOver)
      return true
    },
    mayDamage: () => log.damages() < 3,
    logDamaged() {
      if (isRestored) check?.reckon(currentLog())
    },
    jumpClocks: machine.jump,
    calmDown() {
      for (let partition = 0; partition < partitions; partition++) keepOwner(partition)
    },
    async isDrained() {
      late = await behind()
      return late.length === 0 && !operator.isGoingOver() && world.isCalm() && owners.length >= partitions
    },
    left: () => late,
    close() {
      operator.close()
      killAll()
      void store.disk().close()
    },
  }
}
