import { type Document, MongoClient } from 'mongodb'
import { createMongoStore } from '../../collector/store/mongo/index.ts'
import {
  bucketOf,
  at,
  epochOf,
  rollupOf,
  samples,
  streamOf,
} from '../../collector/store/testing/documents.ts'

/** How a real MongoDB means to find documents. */
export interface Plan {
  readonly stages: readonly string[]
  readonly indexes: readonly string[]
}

/** From the answer to `explain`, of whatever version: the stages lie one in the other, under names that differ. */
export function planOf(answer: Document): Plan {
  const stages: string[] = []
  const indexes: string[] = []
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk)
    if (typeof value !== 'object' || value === null) return
    const { stage, indexName, rejectedPlans: _, slotBasedPlan: __, ...rest } = value as Document
    if (typeof stage === 'string') stages.push(stage)
    if (typeof indexName === 'string') indexes.push(indexName)
    // An _id that is asked for alone needs no name.
    if (stage === 'IDHACK') indexes.push('_id_')
    Object.values(rest).forEach(walk)
  }
  walk(answer.queryPlanner)
  return { stages, indexes: [...new Set(indexes)] }
}

/** Asks a database with documents in it; each in another stream, so that an index leaves something out. */
export async function openPlans(url: string) {
  const store = await createMongoStore({ url })
  const numbers = Array.from({ length: 200 }, (_, i) => i)
  const names = numbers.map((i) => [`d-${i % 20}`, `s-${i % 3}`] as const)
  await store.write(
    'devices',
    numbers.map((i) => ({ ...samples.devices, id: `d-${i}`, device: `d-${i}` })),
  )
  await store.write(
    'streams',
    names.map(([device, sensor]) => streamOf(device, sensor, at(1))),
  )
  await store.write(
    'epochs',
    names.map(([device, sensor], i) => epochOf([device, sensor, `${i}`], i, at(i))),
  )
  await store.write(
    'rollups',
    names.map((name, i) => rollupOf('day', i, at(i), i, name)),
  )
  await store.write('summaries', [samples.summaries])
  await store.write('settings', [samples.settings])
  await store.write(
    'readings',
    names.map(([device, sensor], i) => {
      const bucket = bucketOf(i, [i, i + 5], at(i))
      return { ...bucket, id: `${device}/${sensor}/${bucket.epoch}/${i}`, device, sensor, newestIngest: i }
    }),
  )
  await store.createCheckpoint({
    partition: 0,
    logId: 'l',
    position: at(0),
    reach: 0,
    reachHash: null,
    phase: null,
    swaps: 0,
    before: null,
  })
  await store.claimSet(0, 'd-1')
  await store.close()
  const client = await new MongoClient(url).connect()
  return {
    explain: async (command: Document): Promise<Plan> =>
      planOf(await client.db().command({ explain: command, verbosity: 'queryPlanner' })),
    async close() {
      await client.db().dropDatabase()
      await client.close()
    },
  }
}
