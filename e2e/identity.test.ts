import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiDevice } from '@barograph/proto/api'
import { hasAll, rangeOf, sizeOf, subtract } from '@barograph/proto'
import { expect } from 'vitest'
import type { Agent } from './harness/agent.ts'
import { readingsIn, type StoredContent } from './harness/stored.ts'
import { expectCleanAudit, testOnStack, useStacks } from './harness/use-stack.ts'
import { eventually } from './harness/wait.ts'

const stacks = useStacks()
const options = { timeout: 400_000 }

const yaml = (seed: number): string => `
device: balcony
site: { name: Balcony, latitude: 40.69, longitude: -74.17, altitudeM: 5, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 250, seed: ${seed} }
`

/** A copy of a buffer whose agent has ended, as a cloned card or a backup has it. */
function copyBuffer(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(to + suffix, { force: true })
    if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix)
  }
}

/** An agent that has accepted readings while there was no collector, and has ended. */
async function offlineAgent(agent: Agent): Promise<void> {
  agent.start()
  await eventually('some readings are accepted', () => existsSync(agent.bufferPath) && agent.rows() >= 10)
  await agent.stop()
}

/** `sensor epoch` of everything that an agent accepted or holds, with the last number. */
const acceptedBy = (agent: Agent): [string, number][] =>
  agent.streams().map(({ sensor, epoch, lastSeq }) => [`${sensor} ${epoch}`, lastSeq])

async function expectStored(
  { numbers }: StoredContent,
  accepted: readonly (readonly [string, number])[],
): Promise<void> {
  // It throws when a number is stored twice.
  const stored = await numbers('balcony')
  for (const [stream, last] of accepted)
    expect(hasAll(stored.get(stream) ?? [], 1, last), `${stream} up to ${last}`).toBe(true)
}

/** The last entries of a run may have been too late for its last batch. */
async function expectStoredOrHeld({ numbers }: StoredContent, agent: Agent): Promise<void> {
  const stored = await numbers('balcony')
  for (const { sensor, epoch, lastSeq, rows } of agent.streams()) {
    const missing = subtract(rangeOf(1, lastSeq), stored.get(`${sensor} ${epoch}`) ?? [])
    expect(subtract(missing, rows), `${sensor} ${epoch} up to ${lastSeq}`).toEqual([])
  }
}

const conflictIn = async ({ documents }: StoredContent): Promise<unknown> =>
  (await documents('devices')).get('balcony')?.conflict ?? null

testOnStack(
  'two agents with one name and one card`s copy: all of both is stored once, it is told, and it ends',
  options,
  async () => {
    const stack = await stacks()
    const { stored } = stack
    const collector = await stack.collector()
    const [one, two] = [1, 2].map((seed) => stack.agent({ name: `agent-${seed}`, yaml: yaml(seed) })) as [
      Agent,
      Agent,
    ]
    await offlineAgent(one)
    copyBuffer(one.bufferPath, two.bufferPath)
    await collector.start()
    one.start()
    two.start()
    const device = () => collector.get<ApiDevice>('/api/v1/devices/balcony')
    const conflict = await eventually('the conflict is told', async () => (await device()).conflict, 120_000)
    expect(conflict.epochs).toHaveLength(2)
    await eventually(
      'an agent tells it too',
      () =>
        /seems to run as balcony/.test(
          one.process().stderr() + one.process().stdout() + two.process().stderr() + two.process().stdout(),
        ),
      120_000,
    )
    await two.stop()
    await eventually('the conflict is over', async () => (await device()).conflict === null, 200_000)
    await one.stop()
    // What the other one still held, it sends when it runs alone; that is a third run, and no conflict.
    const before = await conflictIn(stored)
    for (const agent of [two, one]) {
      agent.start()
      await eventually('all that it accepted while there were two is stored', async () => {
        await expectStored(
          stored,
          acceptedBy(agent).filter(([stream]) => conflict.epochs.some((epoch) => stream.endsWith(epoch))),
        )
        return true
      })
      await agent.stop()
    }
    for (const agent of [one, two]) await expectStoredOrHeld(stored, agent)
    expect(await conflictIn(stored)).toEqual(before)
    const epochs = [...(await stored.numbers('balcony')).keys()].map((stream) => stream.split(' ')[1])
    expect(epochs).toEqual(expect.arrayContaining(conflict.epochs))
    await expectCleanAudit(collector)
    await collector.stop()
  },
)

testOnStack(
  'a buffer restored from an older copy sends what is stored already, and nothing is doubled',
  options,
  async () => {
    const stack = await stacks()
    const { stored } = stack
    const collector = await stack.collector()
    const agent = stack.agent({ name: 'agent', yaml: yaml(1) })
    await offlineAgent(agent)
    const accepted = acceptedBy(agent)
    const copy = join(stack.folder, 'copy.db')
    copyBuffer(agent.bufferPath, copy)
    await collector.start()
    const [stream, last] = accepted[0] as [string, number]
    const run = async (): Promise<void> => {
      agent.start()
      await eventually('the copy is stored, and its agent knows', async () => {
        await expectStored(stored, accepted)
        const held = agent.streams().find((one) => `${one.sensor} ${one.epoch}` === stream)
        const isFreed = held === undefined || held.rows.length === 0
        return isFreed && acceptedBy(agent).some(([other, newest]) => other !== stream && newest > 4)
      })
      await agent.stop()
    }
    await run()
    expect(sizeOf((await stored.numbers('balcony')).get(stream) ?? [])).toBe(last)
    copyBuffer(copy, agent.bufferPath)
    await run()
    expect(sizeOf((await stored.numbers('balcony')).get(stream) ?? [])).toBe(last)
    expect(await conflictIn(stored)).toBe(null)
    await expectCleanAudit(collector)
    await collector.stop()
  },
)

testOnStack(
  'a device that is replaced under its name keeps its history, and raises no alarm',
  options,
  async () => {
    const stack = await stacks()
    const { stored } = stack
    const collector = await stack.collector()
    await collector.start()
    const counts: number[] = []
    const streams: (readonly [string, number])[] = []
    for (const seed of [1, 2]) {
      const agent = stack.agent({ name: `pi-${seed}`, yaml: yaml(seed) })
      agent.start()
      await eventually(
        'some readings are stored',
        async () => existsSync(agent.bufferPath) && (await readingsIn(stored)) >= (counts.at(-1) ?? 0) + 10,
      )
      await agent.stop()
      streams.push(...acceptedBy(agent))
      await eventually('all of it is stored', async () => {
        await expectStored(stored, streams)
        return true
      })
      counts.push(await readingsIn(stored))
    }
    expect(counts[1]).toBeGreaterThan(counts[0] ?? 0)
    const device = await collector.get<ApiDevice>('/api/v1/devices/balcony')
    expect([device.conflict, await conflictIn(stored)]).toEqual([null, null])
    expect(device.sensors.map(({ id }) => id)).toEqual(['bme280'])
    await collector.stop()
  },
)
