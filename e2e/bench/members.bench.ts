import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fleetProblems } from '../chaos/judge/fleet.ts'
import { readMongoStore } from '../chaos/judge/mongo-store.ts'
import { startFleet } from '../harness/fleet.ts'
import { collectorProgram, type Running, start } from '../harness/process.ts'
import { seeded } from '../harness/random.ts'
import { type Stack, startEngines, startStack } from '../harness/stack.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'
import type { Bench, Row, Size } from './bench.ts'
import { watchWaits } from './waits.ts'

/** What happens to the group. */
type Change = 'joins' | 'leaves' | 'is killed'

/** Members at any time: after a change at least one, at most three. */
const mostMembers = 3
const limitMs = 300_000

/** One of each kind, and then at random. Is told how many members there are. */
function* draw(random: () => number): Generator<Change, never, number> {
  yield 'joins'
  yield 'is killed'
  let members = yield 'leaves'
  for (;;) {
    const isJoin = members === 1 || (members < mostMembers && random() < 0.5)
    members = yield isJoin ? 'joins' : random() < 0.5 ? 'leaves' : 'is killed'
  }
}

async function startMember(stack: Stack, name: string, roles: string): Promise<Running> {
  const env = { ...stack.env, BAROGRAPH_MQTT_NAME: name }
  const running = start([collectorProgram, 'run', '--json', '--roles', roles], env)
  await eventually(
    `${name} is ready`,
    () => {
      if (!running.isRunning()) throw new Error(running.stderr())
      return /is ready/.test(running.stderr() + running.stdout())
    },
    limitMs,
  )
  return running
}

async function run(size: Size): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
  const changes = size === 'full' ? 30 : 3
  const sessionTimeout = size === 'full' ? '10s' : '3s'
  const engines = await startEngines({ folder, ownMongo: true })
  const stack = await startStack('services', {
    folder,
    engines,
    env: { BAROGRAPH_LOG_KAFKA_SESSIONTIMEOUT: sessionTimeout },
  })
  const members: Running[] = []
  const others: Running[] = []
  try {
    others.push(await startMember(stack, 'door', 'bridge'))
    let number = 0
    const join = async (): Promise<void> =>
      void members.push(await startMember(stack, `roll-${++number}`, 'roll'))
    await Promise.all([join(), join()])
    // Enough of them that every partition has some.
    const fleet = startFleet({ broker: stack.broker, devices: 20, rate: size === 'full' ? 10 : 5 })
    others.push(fleet.process)
    const waits = await watchWaits(stack)
    await waits.untilPassed()
    waits.longest()
    await sleep(size === 'full' ? 20_000 : 0)
    await waits.untilPassed()
    const calm = waits.longest()
    const found: { change: Change; ms: number }[] = []
    const random = seeded(30)
    const drawn = draw(random)
    let change = drawn.next(members.length).value
    while (found.length < changes) {
      waits.longest()
      if (change === 'joins') await join()
      else {
        const [one] = members.splice(Math.floor(random() * members.length), 1)
        one?.send(change === 'leaves' ? 'SIGTERM' : 'SIGKILL')
        await one?.ended
      }
      await waits.untilPassed()
      found.push({ change, ms: waits.longest() })
      change = drawn.next(members.length).value
    }
    const ledger = await fleet.finish()
    await waits.stop()
    await Promise.all([...members, ...others].map((one) => one.stop()))
    const problems = fleetProblems(ledger, await readMongoStore(stack.env.BAROGRAPH_STORE_URL ?? ''))
    if (problems.length > 0) throw new Error(problems.slice(0, 5).join('\n'))
    return rowsOf(found, calm)
  } finally {
    for (const one of [...members, ...others]) one.send('SIGKILL')
    await stack.stop()
    await engines.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function rowsOf(found: readonly { change: Change; ms: number }[], calmMs: number): Row[] {
  const against = { what: 'without any change, s', value: calmMs / 1_000 }
  return [...Map.groupBy(found, ({ change }) => change)].flatMap(([change, group]) => {
    const times = group.map(({ ms }) => ms / 1_000).sort((a, b) => a - b)
    const figures = { least: times[0], median: times[Math.floor(times.length / 2)], most: times.at(-1) }
    return Object.entries(figures).map(([name, value = 0]) => ({
      what: `one ${change} (${times.length} times): ${name}`,
      value,
      unit: 's',
      against,
    }))
  })
}

export const members: Bench = {
  name: 'members',
  title:
    'Collectors that share a Kafka come and go: the longest that any record then waits for being stored; every reading stored once, every window right',
  needs: [needsMosquitto, needsKafka, needsMongodbToKill],
  run,
}
