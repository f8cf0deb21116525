import { execFileSync } from 'node:child_process'
import type { SmallDisk } from '../../../collector/testing-disk.ts'
import type { FaultName } from '../../faults.ts'
import type { Program } from '../program.ts'
import type { Files, Place } from '../collectors.ts'
import { expectWords } from './words.ts'
import {
  type CollectorFault,
  type Fault,
  filesOf,
  onFiles,
  onTrial,
  type Scene,
  type SeatFault,
} from './fault.ts'

const fullMs = [2_000, 10_000] as const
async function fill({ say, sleep, between }: Scene, what: string, disk: SmallDisk | null): Promise<void> {
  if (!disk) throw new Error('there is no small disk')
  try {
    disk.fill(0)
  } catch (error) {
    // Others write meanwhile: then it is full sooner.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error
  }
  const ms = Math.round(between(...fullMs))
  say(`the disk of ${what} is full for ${ms} ms`)
  await sleep(ms)
  disk.free()
}

const placeFull = (name: FaultName, what: string, placeOf: (files: Files) => Place): CollectorFault => ({
  name,
  of: 'collector',
  shapes: onFiles,
  needsDisk: true,
  run: (scene) => fill(scene, what, placeOf(filesOf(scene.rig)).disk),
})

/** Without writing rights from its start on: running programs keep the files that they have opened. */
async function startReadOnly(
  scene: Scene,
  programs: readonly Program[],
  disk: SmallDisk | null,
): Promise<void> {
  if (!disk) throw new Error('there is no small disk')
  execFileSync('mount', ['-o', 'remount,ro', disk.path])
  try {
    for (const program of programs) await expectWords(scene, program)
  } finally {
    execFileSync('mount', ['-o', 'remount,rw', disk.path])
  }
}

/** Every program of the collector is down, meets a place that it cannot write, and is started again when it can. */
const placeReadOnly = (name: FaultName, placeOf: (files: Files) => Place): CollectorFault => ({
  name,
  of: 'collector',
  shapes: onFiles,
  needsDisk: true,
  isLong: true,
  async run(scene) {
    const { programs } = scene.rig
    for (const program of programs) program.isOnTrial = true
    await Promise.all(programs.map((program) => program.kill()))
    const { path, disk } = placeOf(filesOf(scene.rig))
    scene.say(`${path} can only be read`)
    await startReadOnly(scene, programs.slice(0, 1), disk)
    for (const program of programs) {
      await program.start()
      program.isOnTrial = false
    }
  },
})

const bufferFull: SeatFault = {
  name: 'buffer-disk-full',
  of: 'device',
  needsDisk: true,
  run: (scene, { device, disk }) => fill(scene, device, disk),
}

const bufferReadOnly: SeatFault = {
  name: 'buffer-read-only',
  of: 'device',
  needsDisk: true,
  async run(scene, seat) {
    await onTrial(seat.program, async () => {
      await seat.program.kill()
      scene.witness(seat)
      scene.say(`${seat.device} can only read its buffer`)
      await startReadOnly(scene, [seat.program], seat.disk)
      await seat.program.start()
    })
  },
}

export const diskFaults: readonly Fault[] = [
  bufferFull,
  bufferReadOnly,
  placeFull('log-disk-full', 'the log', ({ log }) => log),
  placeFull('store-disk-full', 'the store', ({ store }) => store),
  placeReadOnly('log-read-only', ({ log }) => log),
  placeReadOnly('store-read-only', ({ store }) => store),
]
