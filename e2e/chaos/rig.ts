import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mountSmallDisk, type SmallDisk } from '../../collector/testing-disk.ts'
import { whenDone } from '../harness/cleanup.ts'
import { freePorts } from '../harness/ports.ts'
import { collectorProgram, type Ended, run } from '../harness/process.ts'
import { type Broker, startBroker } from './broker/broker.ts'
import { type Ledger, startLedger } from './ledger/ledger.ts'
import { createProgram, type Program } from './program.ts'
import { createSeat, type Seat } from './seat.ts'

/**
 * `whole`: a collector with all its roles in one program, devices at its own broker. `split`: an outside broker, and
 * bridge, two rolls and page as programs of their own on one log and one store.
 */
export type Shape = 'whole' | 'split'

/** Everything on trial together: devices, a collector in one or several programs, and the ledger beside them. */
export interface Rig {
  readonly shape: Shape
  readonly folder: string
  readonly seats: readonly Seat[]
  /** Every program of the collector. */
  readonly programs: readonly Program[]
  readonly bridge: Program
  /** whole: the one program again. */
  readonly rolls: readonly Program[]
  readonly broker: Broker | null
  readonly ledger: Ledger
  readonly log: Place
  readonly store: Place
  /** Runs a command of the collector on this log and store. */
  command(...args: string[]): Promise<Ended>
  stop(): Promise<void>
}

/** A file of the collector and the disk that it is on. */
export interface Place {
  readonly path: string
  readonly disk: SmallDisk | null
}

export interface RigOptions {
  readonly shape: Shape
  readonly folder: string
  readonly seed: number
  readonly devices: number
  /** Buffers, log and store lie on small disks of their own. */
  readonly withDisks: boolean
  readonly endedByItself: (name: string, words: string) => void
}

const zones = ['America/New_York', 'Asia/Kolkata', 'UTC', 'Australia/Lord_Howe']
const diskBytes = { buffer: 24 * 2 ** 20, log: 96 * 2 ** 20, store: 192 * 2 ** 20 }
/** Flushes come often, so that many faults fall into one. */
const flushIntervalMs = 300

/** Everything of it runs when this resolves. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const { shape, folder, seed, devices, withDisks, endedByItself } = options
  mkdirSync(folder, { recursive: true })
  const disks = new Set<SmallDisk>()
  const diskOf = (bytes: number): SmallDisk | null => {
    const disk = withDisks ? mountSmallDisk(bytes) : null
    if (disk) {
      disks.add(disk)
      whenDone(() => release(disks, disk))
    }
    return disk
  }
  const [mqttPort = 0, httpPort = 0] = await freePorts(2)
  const ledger = await startLedger(folder)
  const log = placeOf(diskOf(diskBytes.log), folder, 'log.db')
  const store = placeOf(diskOf(diskBytes.store), folder, 'store.db')
  const env = {
    BAROGRAPH_LOG_URL: `sqlite:${log.path}`,
    BAROGRAPH_LOG_PARTITIONS: '2',
    BAROGRAPH_STORE_URL: `sqlite:${store.path}`,
    BAROGRAPH_SERVE_LISTEN: `127.0.0.1:${httpPort}`,
    BAROGRAPH_ROLLUPS_FLUSHINTERVALMS: String(flushIntervalMs),
  }
  const role = (name: string, more: Readonly<Record<string, string>>, ...args: string[]): Program =>
    createProgram({
      name,
      args: [collectorProgram, 'run', ...args],
      env: { ...env, ...more },
      isReady: async (running) => /is ready/.test(running.stderr() + running.stdout()),
      endedByItself,
    })
  const at = `mqtt://127.0.0.1:${mqttPort}`
  const broker = shape === 'split' ? await startBroker(mqttPort, seed) : null
  const programs =
    shape === 'whole'
      ? [role('collector', { BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${mqttPort}` })]
      : ['bridge', 'roll', 'roll', 'serve'].map((name, i) =>
          role(
            name === 'roll' ? `roll-${i}` : name,
            { BAROGRAPH_MQTT_URL: at, BAROGRAPH_MQTT_NAME: `${name}-${i}` },
            '--roles',
            name,
          ),
        )
  // One after the other: they make the files.
  for (const program of programs) await program.start()
  const seats: Seat[] = []
  for (let i = 0; i < devices; i++)
    seats.push(
      await createSeat({
        device: `${shape}-${i + 1}`,
        timeZone: zones[i % zones.length] ?? 'UTC',
        folder,
        disk: diskOf(diskBytes.buffer),
        isSynchronised: i % 2 === 0,
        ledgerUrl: ledger.url,
        brokerPort: mqttPort,
        endedByItself,
      }),
    )
  await Promise.all(seats.map(({ program }) => program.start()))
  const [first] = programs
  if (!first) throw new Error('a rig has programs')

  return {
    shape,
    folder,
    seats,
    programs,
    bridge: first,
    rolls: shape === 'whole' ? [first] : programs.slice(1, 3),
    broker,
    ledger,
    log,
    store,
    command: (...args) => run([collectorProgram, ...args], env),
    async stop() {
      const all = [...seats.map(({ program }) => program), ...programs]
      for (const program of all) program.isOnTrial = true
      await Promise.all(all.map((program) => program.stop()))
      await Promise.all(seats.map(({ proxy }) => proxy.close()))
      await broker?.stop()
      await ledger.stop()
      for (const disk of disks) release(disks, disk)
    },
  }
}

const placeOf = (disk: SmallDisk | null, folder: string, name: string): Place => ({
  path: join(disk?.path ?? folder, name),
  disk,
})

/** Once, whoever comes first. */
function release(disks: Set<SmallDisk>, disk: SmallDisk): void {
  if (disks.delete(disk)) disk.release()
}
