import {
  addRange,
  decodeBatch,
  emptySet,
  intersect,
  isCoded,
  limits,
  type RangeSet,
  rangeOf,
} from '@barograph/proto'
import { openSqliteBuffer } from '../../../agent/buffer/sqlite.ts'
import { type Agent, startAgent } from '../../../agent/core/agent.ts'
import type { Log } from '../../../agent/core/log.ts'
import { createTimekeeper } from '../../../agent/core/time/timekeeper.ts'
import type { Ledger } from '../check/ledger.ts'
import type { ZoneName } from '../check/calendar.ts'
import { createMachine, type Machine, type Process, startProcess } from '../engine/process.ts'
import { Violation, type World } from '../engine/world.ts'
import { createDisk, type Disk } from './disk.ts'
import type { Network } from './network.ts'
import { makeSensors } from './sensors.ts'
import type { Weather } from './weather.ts'

/** A device's configuration, drawn once. */
export interface DeviceConfig {
  readonly device: string
  readonly zone: ZoneName
  readonly intervalMs: number
  readonly items: number
  readonly itemsFromMs: number
  /** Between two answers of the numbered sensor, at most. */
  readonly itemsPauseMs: number
  readonly failing: number
  readonly lingerMs: number
  readonly maxBatchEntries: number
  readonly backfillPerSecond: number
  readonly creditEntries: number
  readonly maxMb: number
  readonly maxAgeDays: number
  readonly commitIntervalMs: number
  /** Its agent asks the collector what time it is. */
  readonly keepsTime: boolean
  readonly whenFull: 'thin' | 'drop-oldest' | 'stop'
}

/** A machine with a card, on which agents run one after the other. */
export interface Station {
  readonly config: DeviceConfig
  readonly machine: Machine
  disk(): Disk
  /** Null: none runs. */
  process(): Process | null
  start(): void
  /** Says goodbye. */
  stop(): void
  kill(): void
  /** An older copy takes the place of the card. */
  insert(copy: Disk): void
  /** The database goes back to what it was when the copy was made, and nothing else on the card does. */
  goBack(copy: Disk): void
  /** Everything that was accepted is settled, and nothing is left to be declared. */
  isDrained(): boolean
}

export function createStation(options: {
  readonly world: World
  readonly weather: () => Weather
  readonly network: Network
  readonly ledger: Ledger
  readonly config: DeviceConfig
  readonly name: string
  readonly startMs: number
  readonly disk?: Disk
}): Station {
  const { world, weather, network, ledger, config } = options
  const { device } = config
  const machine = createMachine(world, options.name, options.startMs)
  let disk = options.disk ?? createDisk(world, weather)
  let process: Process | null = null
  let agent: Agent | null = null
  /** The epoch that ran last on this card; null: this card is a copy, and another one knows more. */
  let lastEpoch: string | null = null

  const log: Log = {
    debug() {},
    info() {},
    warn(fields, message) {
      world.note(`${options.name} warns: ${message}`)
      if (message.startsWith('a receipt that cannot be read'))
        world.violate(new Violation('bounded', `${options.name}: ${message} ${JSON.stringify(fields)}`))
    },
    error: (fields, message) => world.note(`${options.name} error: ${message} ${JSON.stringify(fields)}`),
  }

  let commits = 0

  /** A buffer that is full may go over by what one commit brings, and by pages that SQLite takes in advance. */
  function checkSize(): void {
    if (config.whenFull === 'stop' || ++commits % 8 !== 0) return
    const pages = Number(disk.raw.pragma('page_count', { simple: true }))
    const free = Number(disk.raw.pragma('freelist_count', { simple: true }))
    const bytes = (pages - free) * Number(disk.raw.pragma('page_size', { simple: true }))
    if (bytes > config.maxMb * 2 ** 20 + slackBytes)
      world.violate(
        new Violation(
          'bounded',
          `the buffer of ${options.name} takes ${bytes} bytes of ${config.maxMb * 2 ** 20}`,
        ),
      )
  }

  function start(): void {
    if (process?.alive) return
    const own = startProcess(world, options.name, machine)
    process = own
    world.note(`${options.name} starts`)
    ledger.reconcile(device, disk.raw, lastEpoch)
    const epoch = world.random.hex(16)
    const site = {
      name: 'here',
      latitude: 1,
      longitude: 2,
      altitudeM: 3,
      timeZone: config.zone,
    }
    const keeper = config.keepsTime ? createTimekeeper({ clock: own.clock, log }) : null
    try {
      const buffer = ledger.watch(
        device,
        own,
        openSqliteBuffer({
          device,
          path: ':memory:',
          maxMb: config.maxMb,
          maxAgeDays: config.maxAgeDays,
          commitIntervalMs: config.commitIntervalMs,
          whenFull: config.whenFull,
          epoch,
          boot: machine.boot,
          site: JSON.stringify(site),
          clock: keeper ?? own.clock,
          log,
          open: () => disk.openFor(own, { committed: checkSize }),
        }),
      )
      lastEpoch = epoch
      agent = startAgent({
        device,
        site,
        sensors: makeSensors({ world, process: own, ...config }),
        primary: [],
        shipping: config,
        buffer,
        uplink: network.uplinkOf(device, own),
        clock: own.clock,
        ...(keeper ? { time: { keeper, system: () => 'unknown' as const } } : {}),
        log,
        version: 'simulated',
      })
    } catch (error) {
      // The disk took nothing while it was opened: somebody starts it again.
      if (!isOfDisk(error)) throw error
      own.kill()
    }
  }

  function kill(): void {
    process?.kill()
    agent = null
  }

  return {
    config,
    machine,
    disk: () => disk,
    process: () => (process?.alive ? process : null),
    start,
    stop() {
      const own = process
      if (!own?.alive || !agent) return
      void agent.stop().then(() => {
        // Properly closed: whatever waited was rejected or is in the file.
        own.kill()
      })
      world.schedule(10_000, null, () => own.kill())
    },
    kill,
    insert(copy) {
      kill()
      ledger.replaced(machine, device, copy.raw)
      disk.close()
      disk = copy
      lastEpoch = null
    },
    goBack(copy) {
      kill()
      ledger.cutOff({ machine, device, raw: disk.raw, back: copy.raw, lastEpoch })
      const back = createDisk(world, weather, { database: copy.raw.serialize(), tail: disk.tail })
      copy.close()
      disk.close()
      disk = back
      lastEpoch = null
    },
    isDrained() {
      if (!process?.alive) return false
      return disk.isEmpty(lastEpoch ?? '')
    },
  }
}

const slackBytes = 12 * 1_024

const isOfDisk = (error: unknown): boolean =>
  isCoded(error, 'buffer-unusable') ||
  isCoded(error, 'buffer-unwritable') ||
  isCoded(error, 'disk-full') ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_'))

/**
 * Looks at a message that an agent is about to send: nothing is sent that is not accepted, no more than it may, and
 * nothing in a summary that was sent before, unless the disk may have forgotten that (`mayOverlap`).
 */
export function createSentCheck(
  world: World,
  ledger: Ledger,
  most: (device: string) => number,
  mayOverlap: (device: string) => boolean,
) {
  const sent = new Map<string, RangeSet>()
  return (device: string, bytes: Uint8Array): void => {
    const batch = decodeBatch(bytes)
    let entries = 0
    for (const { sensor, epoch, firstSeq, times } of batch.runs) {
      const last = firstSeq + times.length - 1
      entries += times.length
      // A moment later: what was committed just before is written down by then.
      world.schedule(0, null, () => {
        const stream = ledger.stream(device, sensor, epoch)
        const accepted = stream?.entries.length ?? 0
        // What was in the file when its agent died counts; the next start shows what that was.
        if (last <= accepted + (stream?.unknown.length ?? 0)) return
        world.violate(
          new Violation('once', `sent before it was accepted (${accepted} are)`, {
            device,
            sensor,
            epoch,
            seq: last,
          }),
        )
      })
      world.about(device, sensor, epoch, firstSeq, last, 'sent')
      const key = `${device}/${sensor}/${epoch}`
      sent.set(key, addRange(sent.get(key) ?? emptySet, firstSeq, last))
    }
    for (const { sensor, epoch, firstSeq, lastSeq } of batch.summaries) {
      world.about(device, sensor, epoch, firstSeq, lastSeq, `sent in a summary of ${firstSeq} to ${lastSeq}`)
      const known = sent.get(`${device}/${sensor}/${epoch}`) ?? emptySet
      const [seq] = intersect(known, rangeOf(firstSeq, lastSeq))
      if (seq !== undefined && !mayOverlap(device))
        world.violate(
          new Violation('fold', `sent in a summary of ${firstSeq} to ${lastSeq} after it was sent itself`, {
            device,
            sensor,
            epoch,
            seq,
          }),
        )
    }
    if (bytes.length > limits.batchBytes || entries > most(device))
      world.violate(new Violation('bounded', `${device} sends ${entries} entries in ${bytes.length} bytes`))
  }
}
