import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiDevice } from '@barograph/proto/api'
import { hasAll, rangeOf, sizeOf, subtract } from '@barograph/proto'
import { expect, test } from 'vitest'
import { type Agent, createAgent } from './harness/agent.ts'
import { createCollector } from './harness/collector.ts'
import { comparableRollups, readDocuments, storedNumbers } from './harness/documents.ts'
import { temporaryFolder } from './harness/folder.ts'
import { eventually } from './harness/wait.ts'

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

function expectStored(folder: string, accepted: readonly (readonly [string, number])[]): void {
  // storedNumbers throws when a number is stored twice.
  const stored = storedNumbers(folder, 'balcony')
  for (const [stream, last] of accepted)
    expect(hasAll(stored.get(stream) ?? [], 1, last), `${stream} up to ${last}`).toBe(true)
}

/** The last entries of a run may have been too late for its last batch. */
function expectStoredOrHeld(folder: string, agent: Agent): void {
  const stored = storedNumbers(folder, 'balcony')
  for (const { sensor, epoch, lastSeq, rows } of agent.streams()) {
    const missing = subtract(rangeOf(1, lastSeq), stored.get(`${sensor} ${epoch}`) ?? [])
    expect(subtract(missing, rows), `${sensor} ${epoch} up to ${lastSeq}`).toEqual([])
  }
}

const conflictIn = (folder: string): unknown =>
  readDocuments(folder, 'devices').get('balcony')?.conflict ?? null

test('two agents with one name and one card`s copy: all of both is stored once, it is told, and it ends', {
  timeout: 400_000,
}, async () => {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  const { broker } = collector
  const [one, two] = [1, 2].map((seed) =>
    createAgent({ folder, name: `agent-${seed}`, yaml: yaml(seed), broker }),
  ) as [Agent, Agent]
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
  const before = conflictIn(folder)
  for (const agent of [two, one]) {
    agent.start()
    await eventually('all that it accepted while there were two is stored', () => {
      expectStored(
        folder,
        acceptedBy(agent).filter(([stream]) => conflict.epochs.some((epoch) => stream.endsWith(epoch))),
      )
      return true
    })
    await agent.stop()
  }
  for (const agent of [one, two]) expectStoredOrHeld(folder, agent)
  expect(conflictIn(folder)).toEqual(before)
  const stored = [...storedNumbers(folder, 'balcony').keys()].map((stream) => stream.split(' ')[1])
  expect(stored).toEqual(expect.arrayContaining(conflict.epochs))
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
  await collector.stop()
})

test('a buffer restored from an older copy sends what is stored already, and nothing is doubled', async () => {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  const agent = createAgent({ folder, name: 'agent', yaml: yaml(1), broker: collector.broker })
  await offlineAgent(agent)
  const accepted = acceptedBy(agent)
  const copy = join(folder, 'copy.db')
  copyBuffer(agent.bufferPath, copy)
  await collector.start()
  const [stream, last] = accepted[0] as [string, number]
  const run = async (): Promise<void> => {
    agent.start()
    await eventually('the copy is stored, and its agent knows', () => {
      expectStored(folder, accepted)
      const held = agent.streams().find((one) => `${one.sensor} ${one.epoch}` === stream)
      const isFreed = held === undefined || held.rows.length === 0
      return isFreed && acceptedBy(agent).some(([other, newest]) => other !== stream && newest > 4)
    })
    await agent.stop()
  }
  await run()
  expect(sizeOf(storedNumbers(folder, 'balcony').get(stream) ?? [])).toBe(last)
  copyBuffer(copy, agent.bufferPath)
  await run()
  expect(sizeOf(storedNumbers(folder, 'balcony').get(stream) ?? [])).toBe(last)
  expect(conflictIn(folder)).toBe(null)
  const audit = await collector.audit()
  expect(audit.code, audit.stdout + audit.stderr).toBe(0)
  await collector.stop()
})

test('a device that is replaced under its name keeps its history, and raises no alarm', async () => {
  const folder = temporaryFolder()
  const collector = await createCollector({ folder })
  await collector.start()
  const received = (): number =>
    [...comparableRollups(folder).values()]
      .filter((rollup) => rollup.level === 'year')
      .reduce((sum, rollup) => sum + Number(rollup.received), 0)
  const counts: number[] = []
  const streams: (readonly [string, number])[] = []
  for (const seed of [1, 2]) {
    const agent = createAgent({ folder, name: `pi-${seed}`, yaml: yaml(seed), broker: collector.broker })
    agent.start()
    await eventually(
      'some readings are stored',
      () => existsSync(agent.bufferPath) && received() >= (counts.at(-1) ?? 0) + 10,
    )
    await agent.stop()
    streams.push(...acceptedBy(agent))
    await eventually('all of it is stored', () => {
      expectStored(folder, streams)
      return true
    })
    counts.push(received())
  }
  expect(counts[1]).toBeGreaterThan(counts[0] ?? 0)
  const device = await collector.get<ApiDevice>('/api/v1/devices/balcony')
  expect([device.conflict, conflictIn(folder)]).toEqual([null, null])
  expect(device.sensors.map(({ id }) => id)).toEqual(['bme280'])
  await collector.stop()
})
