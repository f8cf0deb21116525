import { mkdirSync } from 'node:fs'
import { mountSmallDisk, type SmallDisk } from '../../collector/testing-disk.ts'
import { whenDone } from '../harness/cleanup.ts'
import { collectorProgram, type Ended, run } from '../harness/process.ts'
import { type Collectors, makeCollectors, type Shape } from './collectors.ts'
import { type Ledger, startLedger } from './ledger/ledger.ts'
import { createSeat, type Seat } from './seat.ts'

/** Everything on trial together: devices, a collector in one or several programs, and the ledger beside them. */
export interface Rig extends Omit<Collectors, 'env' | 'mqttPort'> {
  readonly shape: Shape
  readonly folder: string
  readonly seats: readonly Seat[]
  readonly ledger: Ledger
  /** Runs a command of the collector on this log and store. */
  command(...args: string[]): Promise<Ended>
  stop(): Promise<void>
}

export interface RigOptions {
  readonly shape: Shape
  readonly folder: string
  readonly seed: number
  readonly devices: number
  /** Buffers, log and store lie on small disks of their own, where they are files. */
  readonly withDisks: boolean
  readonly endedByItself: (name: string, words: string) => void
}

const zones = ['America/New_York', 'Asia/Kolkata', 'UTC', 'Australia/Lord_Howe']
const bufferDiskBytes = 24 * 2 ** 20

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
  const ledger = await startLedger(folder)
  const collectors = await makeCollectors(shape, { folder, seed, diskOf, endedByItself })
  const { env, mqttPort, programs } = collectors
  // One after the other where they make files; engines have to bear that all begin at once.
  if (collectors.engines) await Promise.all(programs.map((program) => program.start()))
  else for (const program of programs) await program.start()
  const seats: Seat[] = []
  for (let i = 0; i < devices; i++)
    seats.push(
      await createSeat({
        device: `${shape}-${i + 1}`,
        timeZone: zones[i % zones.length] ?? 'UTC',
        folder,
        disk: diskOf(bufferDiskBytes),
        isSynchronised: i % 2 === 0,
        ledgerUrl: ledger.url,
        brokerPort: mqttPort,
        endedByItself,
      }),
    )
  await Promise.all(seats.map(({ program }) => program.start()))

  return {
    ...collectors,
    shape,
    folder,
    seats,
    ledger,
    command: (...args) => run([collectorProgram, ...args], env),
    async stop() {
      const all = [...seats.map(({ program }) => program), ...programs]
      for (const program of all) program.isOnTrial = true
      await Promise.all(all.map((program) => program.stop()))
      await Promise.all(seats.map(({ proxy }) => proxy.close()))
      await collectors.stop()
      await ledger.stop()
      for (const disk of disks) release(disks, disk)
    },
  }
}

/** Once, whoever comes first. */
function release(disks: Set<SmallDisk>, disk: SmallDisk): void {
  if (disks.delete(disk)) disk.release()
}
