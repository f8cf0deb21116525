import { sessionMs } from '../collectors.ts'
import type { Program } from '../program.ts'
import { type CollectorFault, type Fault, onTrial, type Scene, type SeatFault } from './fault.ts'

/** How long programs stand still. */
const pauseMs = [1_000, 12_000] as const
/** Beyond the session of a roll, with time for another to work in its place. */
const hungMs = [2 * sessionMs, 6 * sessionMs] as const
/** Where the roll can kill itself (BAROGRAPH_TEST_KILL_AT); the count is how often it gets there first. */
const points = [
  'folded',
  'reach-raised',
  'buckets-written',
  'windows-written',
  'streams-written',
  'checkpoint-advanced',
] as const
/** A roll that has not reached its point by then is killed from outside. */
const pointLimitMs = 10_000

const agentKilled: SeatFault = {
  name: 'agent-killed',
  of: 'device',
  async run({ say, witness, sleep, between }, seat) {
    await onTrial(seat.program, async () => {
      await seat.program.kill()
      const held = witness(seat).reduce((sum, { rows }) => sum + rows.length / 2, 0)
      say(`${seat.device} killed, ${held} ranges of numbers in its buffer`)
      await sleep(between(0, 1_000))
      await seat.program.start()
    })
  },
}

const agentPaused: SeatFault = {
  name: 'agent-paused',
  of: 'device',
  async run(scene, seat) {
    await pause(scene, seat.program)
  },
}

async function killAndStart({ say, sleep, between }: Scene, program: Program): Promise<void> {
  await onTrial(program, async () => {
    await program.kill()
    say(`${program.name} killed`)
    await sleep(between(0, 1_500))
    await program.start()
  })
}

async function pause(
  { say, between }: Scene,
  program: Program,
  [shortest, longest]: readonly [number, number] = pauseMs,
): Promise<void> {
  await onTrial(program, async () => {
    const ms = Math.round(between(shortest, longest))
    say(`${program.name} stands still for ${ms} ms`)
    await program.pause(ms)
  })
}

const of = (programs: readonly Program[], { random }: Scene): Program => {
  const program = programs[Math.floor(random() * programs.length)]
  if (!program) throw new Error('a rig has programs')
  return program
}

function wholeOf({ rig }: Scene): Program {
  if (!rig.whole) throw new Error('no program of this rig has all roles')
  return rig.whole
}

const collectorFault = (fault: Omit<CollectorFault, 'of'>): CollectorFault => ({ of: 'collector', ...fault })

export const processFaults: readonly Fault[] = [
  agentKilled,
  agentPaused,
  collectorFault({
    name: 'collector-killed',
    shapes: ['whole', 'services'],
    run: (scene) => killAndStart(scene, wholeOf(scene)),
  }),
  collectorFault({
    name: 'collector-killed-at-write',
    async run(scene) {
      const program = of(scene.rig.folding, scene)
      const point = points[Math.floor(scene.random() * points.length)] ?? 'folded'
      const times = 1 + Math.floor(scene.random() * 3)
      await onTrial(program, async () => {
        await program.stop()
        const running = program.launch({ BAROGRAPH_TEST_KILL_AT: `${point}:${times}` })
        const killed = await Promise.race([
          running.ended.then(({ signal }) => signal === 'SIGKILL'),
          scene.sleep(pointLimitMs).then(() => false),
        ])
        scene.say(
          `${program.name} killed ${killed ? `at ${point}, time ${times}` : 'before it reached its point'}`,
        )
        if (!killed) await program.kill()
        await program.start()
      })
    },
  }),
  collectorFault({
    name: 'collector-paused',
    shapes: ['whole', 'services'],
    run: (scene) => pause(scene, wholeOf(scene)),
  }),
  collectorFault({
    name: 'bridge-killed',
    shapes: ['split', 'services'],
    run: (scene) => killAndStart(scene, of(scene.rig.bridges, scene)),
  }),
  collectorFault({
    name: 'bridge-paused',
    shapes: ['split', 'services'],
    run: (scene) => pause(scene, of(scene.rig.bridges, scene)),
  }),
  collectorFault({
    name: 'roll-killed',
    shapes: ['split', 'services'],
    run: (scene) => killAndStart(scene, of(scene.rig.rolls, scene)),
  }),
  collectorFault({
    name: 'roll-paused',
    shapes: ['split', 'services'],
    run: (scene) => pause(scene, of(scene.rig.rolls, scene)),
  }),
  collectorFault({
    // Others have had its partitions for a while when it goes on.
    name: 'collector-hung',
    shapes: ['services'],
    run: (scene) => pause(scene, of(scene.rig.folding, scene), hungMs),
  }),
  collectorFault({
    // Both rolls of a split rig work on every partition all the time; here each takes over from the other in turn.
    name: 'takeover',
    shapes: ['split'],
    async run({ rig, say, sleep, between }) {
      for (const roll of [...rig.rolls, ...rig.rolls])
        await onTrial(roll, async () => {
          roll.process().send('SIGSTOP')
          say(`${roll.name} stands still, the other goes on`)
          await sleep(between(500, 3_000))
          roll.process().send('SIGCONT')
          await sleep(between(200, 1_000))
        })
    },
  }),
]
