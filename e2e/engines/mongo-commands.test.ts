import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectionNames } from '../../collector/core/documents.ts'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import { at, samples } from '../../collector/store/testing/documents.ts'
import { needsMongodb } from '../needs.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

/** What every MongoDB since 4.4 has, and compatible servers too; docs/documents.md names the same. */
const allowed = [
  'count',
  'createIndexes',
  'delete',
  'distinct',
  'find',
  'findAndModify',
  'getMore',
  'killCursors',
  'listCollections',
  'listIndexes',
  'update',
]
/** Operators of updates. */
const operators = ['$each', '$inc', '$max', '$push', '$set', '$setOnInsert', '$slice', '$unset']
/** Operators of questions. */
const questions = ['$exists', '$gt', '$gte', '$in', '$lt', '$lte', '$ne', '$or']

interface Sent {
  readonly name: string
  readonly command: Record<string, unknown>
}

describe.skipIf(!needsMongodb.isMet)(`what a store says to MongoDB ${needsMongodb.title}`, () => {
  let server: MongoServer
  beforeAll(async () => {
    server = await startMongoServer()
  })
  afterAll(() => server?.stop())

  test('every call keeps to the commands and operators of the portable subset, and asks for what the majority has', async () => {
    const url = server.freshUrl()
    const sent: Sent[] = []
    const store = await createMongoStore({
      url,
      watch: (client) =>
        void client.on('commandStarted', ({ commandName: name, command }) =>
          sent.push({ name, command: command as Record<string, unknown> }),
        ),
    })
    const ofDevice = { device: 'a', limit: 1 }
    const ofStream = { ...ofDevice, sensor: 's' }
    const place = {
      partition: 0,
      logId: 'l',
      position: at(0),
      reach: 0,
      reachHash: null,
      phase: null,
      swaps: 0,
    }
    await store.beginLife('life')
    const checkpoint = await store.createCheckpoint({ ...place, before: null })
    for (const name of collectionNames)
      for (const n of [1, 2]) await store.write(name, [{ ...samples[name], o: at(n) }] as never)
    for (const name of collectionNames) await store.read(name, [samples[name].id])
    await store.raiseReach(0, 0, 5, 'five', 0)
    await store.advance(0, at(5), 0)
    const set = await store.claimSet(0, 'a')
    await store.build(0, [{ ...samples.rollups, id: `${samples.rollups.id}/${set}`, set }])
    await store.changePhase(0, null, 'freeze:x')
    expect(await store.swap(0, 'freeze:x', { device: 'a', set, at: at(5) })).toBe(true)
    expect([await store.claimedSet(0, 'a'), (await store.currentSets(0)).length]).toEqual([set, 1])
    expect(await store.dropSets('a', 9)).toBe(1)
    for (const more of [{}, { sealed: true as const, after: at(0) }])
      await store.windows({ ...ofDevice, set, cursor: 'a/', ...more })
    await store.changedBuckets({ ...ofDevice, after: at(0) })
    expect(await store.bucketCount('a')).toBe(1)
    await store.summaries(ofDevice)
    expect(await store.deviceNames()).toEqual(['a', 'balcony'])
    await store.devices()
    await store.streams()
    await store.streams('a')
    await store.epochs('a')
    await store.epochs('a', 's')
    await store.rollups({ ...ofStream, level: 'day', from: 0, to: 9e15 })
    await store.newestRollup('a', 's', 'day')
    for (const more of [{}, { cursor: '0 a' }])
      await store.buckets({ ...ofStream, from: 0, to: 9e15, ...more })
    await store.changes(0, 1)
    await store.newestChange()
    expect(await store.isOfLife({ id: 'life', swaps: 1 }, 1)).toBe(true)
    expect((await store.life())?.id).toBe('life')
    for (const more of [{}, { cursor: '0 a' }])
      await store.oldBuckets({ ingestedBefore: 9e15, limit: 1, ...more })
    const to = { logId: 'm', position: at(0, 1), reach: 0, reachHash: null, phase: 'new-log:1' }
    expect(await store.beginNewLog({ ...checkpoint, position: at(5) }, to)).toBe(true)
    for (const collection of collectionNames)
      await store.follow({ collection, owner: 'a', before: at(0), to: at(0, 1), limit: 9 })
    expect((await store.aheadBuckets(ofDevice)).items).toHaveLength(1)
    await store.mend([{ ...samples.readings, o: at(0, 1) }])
    await store.clearAhead('a')
    expect(await store.remove('readings', [{ ...samples.readings, o: at(0, 1) }])).toBe(1)
    await store.removeWindows({ ...ofStream, level: 'day', endBy: 9e15 })
    await store.close()

    const names = new Set(sent.map(({ name }) => name))
    names.delete('endSessions')
    expect([...names].filter((name) => !allowed.includes(name))).toEqual([])
    const used = new Set(sent.flatMap(({ command }) => operatorsIn(command)))
    expect(
      [...used].filter(
        (one) => ![...operators, ...questions, '$db', '$readPreference', '$clusterTime'].includes(one),
      ),
    ).toEqual([])
    const of = (...wanted: string[]) => sent.filter(({ name }) => wanted.includes(name))
    for (const { name, command } of of('update', 'delete', 'findAndModify'))
      expect(command.writeConcern, name).toMatchObject({ w: 'majority', j: true })
    // What a write has just met is looked up as it is; everything else as the majority has it.
    for (const { command } of of('find'))
      expect(['{"level":"majority"}', '{"level":"local"}']).toContain(JSON.stringify(command.readConcern))
    expect(of('find').filter(({ command }) => isLocal(command.readConcern)).length).toBeLessThan(
      of('find').length / 4,
    )
    for (const { command } of sent) expect(command).not.toHaveProperty('pipeline')
    // A pipeline as an update is what compatible servers lack.
    for (const { command } of of('update'))
      for (const { u } of command.updates as { u: unknown }[]) expect(Array.isArray(u)).toBe(false)
  })
})

const isLocal = (concern: unknown): boolean => JSON.stringify(concern) === '{"level":"local"}'

function operatorsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(operatorsIn)
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([key, item]) => [
    ...(key.startsWith('$') ? [key] : []),
    ...operatorsIn(item),
  ])
}
