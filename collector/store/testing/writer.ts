// Another process for store-contract.ts. Arguments: the module whose `openStore` opens the store, its location, the
// task, a number of its own. A line for everything that the store has acknowledged.
import { createInterface } from 'node:readline'
import type { Store } from '../../core/store.ts'
import { at, deviceOf, rollupOf } from './documents.ts'

/** What the other process does: `race` against a second one, or `endless` work until it is killed. */
export type Task = 'race' | 'endless'

/** Ids that racing processes share, and how often each process writes all of them. */
export const race = { ids: 20, rounds: 60 } as const

/** What a module for another process exports. */
export interface StoreModule {
  openStore(location: string): Promise<Store>
}

const say = (line: string) =>
  new Promise<void>((done) => void process.stdout.write(`${line}\n`, () => done()))

// Both writers use the same offsets in different orders, even and odd, so each one is ahead half of the time.
async function runRace(store: Store, own: number): Promise<void> {
  let seed = own + 1
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  for (let round = 0; round < race.rounds; round++) {
    const n = 2 * random(1_000_000) + own
    const documents = Array.from({ length: race.ids }, (_, i) => deviceOf(`d-${i}`, at(n), `writer ${own}`))
    await store.write('devices', documents)
    await store.raiseReach(0, 0, n, `hash ${n}`, 0)
    await store.advance(0, at(n), 0)
    await say(String(n))
  }
}

async function runEndless(store: Store): Promise<void> {
  for (let n = 1; ; n++) {
    await store.write('devices', [deviceOf(`d-${n % 7}`, at(n), `n ${n}`)])
    await store.write(
      'rollups',
      Array.from({ length: 50 }, (_, i) => rollupOf('10s', i, at(n), n)),
    )
    await store.advance(0, at(n), 0)
    await say(String(n))
  }
}

async function main([module = '', location = '', task, own = '0']: readonly string[]): Promise<void> {
  const { openStore } = (await import(module)) as StoreModule
  const store = await openStore(location)
  await say('ready')
  for await (const line of createInterface({ input: process.stdin })) if (line === 'go') break
  if (task === 'race') await runRace(store, Number(own))
  else await runEndless(store)
  await store.close()
}

// Imported for its constants, it only lends them.
if (import.meta.main) {
  await main(process.argv.slice(2))
  process.exit(0)
}
