import { copyFileSync, existsSync, rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { FaultName } from '../../faults.ts'
import type { Rig } from '../rig.ts'
import { dropLastCommit, flipBytes, truncate, truncateFrames } from './damage.ts'
import {
  type CollectorFault,
  type Fault,
  filesOf,
  onFiles,
  onTrial,
  type Scene,
  type SeatFault,
} from './fault.ts'
import { expectWords } from './words.ts'

const mostFlips = 200

type Damage = (path: string, random: () => number) => void

const flip: Damage = (path, random) => flipBytes(path, 1 + Math.floor(random() * mostFlips), random)

/** Of log and store the log of writes beside the file is damaged as well: they come back from somewhere else. */
const flipAll: Damage = (path, random) => {
  flip(path, random)
  flip(`${path}-wal`, random)
}

const cutOffEither: Damage = (path, random) => truncate(random() < 0.5 ? path : `${path}-wal`, random)

/** Between two frames or within one: SQLite takes either for the end of the log, and goes on with what is left. */
const cutOffLog: Damage = (path, random) =>
  random() < 0.5 ? truncate(path, random) : truncateFrames(path, random)

/**
 * The agent finds out by the tail beside its buffer what is missing. Nobody was told of the commit in which it was killed,
 * so that may be gone: what counts is what it held before.
 */
const walTruncated: SeatFault = {
  name: 'buffer-wal-truncated',
  of: 'device',
  async run({ random, say, witness }, seat) {
    await onTrial(seat.program, async () => {
      await seat.program.kill()
      const copy = `${seat.bufferPath}.before`
      for (const end of ['', '-wal'])
        if (existsSync(seat.bufferPath + end)) copyFileSync(seat.bufferPath + end, copy + end)
      dropLastCommit(`${copy}-wal`)
      const held = witness(seat, copy)
      remove(copy)
      cutOffLog(`${seat.bufferPath}-wal`, random)
      say(`${seat.device}: the log of its buffer is cut off (${held.length} streams)`)
      await seat.program.start()
    })
  },
}

/** The agent sets the damaged file aside, takes over what can be read, and declares the rest lost. */
const bufferDamaged = (name: FaultName, damage: Damage): SeatFault => ({
  name,
  of: 'device',
  async run({ random, say, witness }, seat) {
    await onTrial(seat.program, async () => {
      await seat.program.kill()
      const held = witness(seat)
      damage(seat.bufferPath, random)
      say(`${seat.device}: its buffer is damaged (${held.length} streams)`)
      await seat.program.start()
    })
  },
})

const files = (path: string): string[] => [path, `${path}-wal`, `${path}-shm`]
const remove = (path: string): void => {
  for (const file of files(path)) rmSync(file, { force: true })
}

/** All programs of the collector are down while it is done; then they are started one after the other. */
async function whileDown({ programs }: Rig, work: () => Promise<void>): Promise<void> {
  for (const program of programs) program.isOnTrial = true
  await Promise.all(programs.map((program) => program.kill()))
  await work()
  for (const program of programs) {
    await program.start()
    program.isOnTrial = false
  }
}

/**
 * The log is damaged or gone. The collector may notice or not (its records have checks of their own, most of them are
 * folded long ago), but it does not crash. The documented way out: move the log away, let the collector make a new one,
 * which it refuses to go on from, and take the store over to it with `rebuild --new-log`.
 */
const logDamaged = (name: FaultName, damage: Damage): CollectorFault => ({
  name,
  of: 'collector',
  shapes: onFiles,
  isLong: true,
  run: (scene) =>
    whileDown(scene.rig, async () => {
      const { rig, random, say } = scene
      const [first] = rig.programs
      if (!first) return
      const { path } = filesOf(rig).log
      if (existsSync(path)) damage(path, random)
      say(`${name}: ${path}`)
      await expectWords(scene, first)
      remove(path)
      await expectRefusal(scene)
      const { code, stdout, stderr } = await rig.command('rebuild', '--new-log')
      say(`rebuild --new-log: ${stdout.trim().split('\n').at(-1) ?? ''}`)
      if (code !== 0) scene.complain(`rebuild --new-log failed: ${stdout}${stderr}`)
    }),
})

/** With a new log beside the old store, the roll says what happened and ends: it must not fold another log's records. */
async function expectRefusal(scene: Scene): Promise<void> {
  const { rig, complain } = scene
  const [roll] = rig.folding
  if (!roll) return
  // Who makes the log need not be who looks at the store.
  for (const bridge of rig.bridges) await expectWords(scene, bridge)
  const end = await expectWords(scene, roll)
  if (end === 'works') complain(`${roll.name} goes on with a log that is not the one of its store`)
}

/** The store is damaged: it comes back from a backup that the log reaches back to. */
const storeDamaged = (name: FaultName, damage: Damage | null): CollectorFault => ({
  name,
  of: 'collector',
  shapes: onFiles,
  isLong: true,
  async run(scene) {
    const { rig, random, say, sleep, between } = scene
    const { path } = filesOf(rig).store
    const backup = `${path}.backup`
    await backUp(path, backup)
    await sleep(between(1_000, 4_000))
    await whileDown(rig, async () => {
      const [roll] = rig.folding
      if (damage && roll) {
        damage(path, random)
        say(`${name}: ${path}`)
        await expectWords(scene, roll)
      }
      remove(path)
      copyFileSync(backup, path)
      say('the store is back as it was a while ago')
    })
  },
})

async function backUp(path: string, to: string): Promise<void> {
  rmSync(to, { force: true })
  const db = new Database(path, { readonly: true })
  try {
    await db.backup(to)
  } finally {
    db.close()
  }
}

export const fileFaults: readonly Fault[] = [
  bufferDamaged('buffer-flipped', flipAll),
  bufferDamaged('buffer-truncated', truncate),
  walTruncated,
  logDamaged('log-flipped', flipAll),
  logDamaged('log-truncated', cutOffEither),
  logDamaged('log-recreated', remove),
  storeDamaged('store-flipped', flipAll),
  storeDamaged('store-truncated', cutOffEither),
  storeDamaged('store-restored', null),
]
