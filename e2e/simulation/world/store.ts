import { CodedError } from '@barograph/proto'
import type { CollectionName, Document } from '../../../collector/core/documents.ts'
import type { RollStore } from '../../../collector/core/roll.ts'
import { createMemoryStore, type MemoryStore } from '../../../collector/core/testing/memory-store.ts'
import type { Process } from '../engine/process.ts'
import type { World } from '../engine/world.ts'
import type { Weather } from './weather.ts'

/** The store as it is on its disks. Each process sees it through a client of its own. */
export interface SimulatedStore {
  readonly disk: MemoryStore
  clientOf(process: Process): RollStore
}

/** A store in which a process may die, or stand still for long, before and after the write of any single document. */
export function createSimulatedStore(world: World, weather: () => Weather): SimulatedStore {
  const { random } = world
  const disk = createMemoryStore()

  function clientOf(process: Process): RollStore {
    async function moment(what: string): Promise<void> {
      const { rollCrash, rollSleep, rollYield } = weather()
      const drawn = random.unit()
      if (drawn < rollCrash) {
        world.fault('collector-killed-at-write', `${process.name} ${what}`)
        process.kill()
        await new Promise(() => {})
      } else if (drawn < rollCrash + rollSleep) {
        world.fault('roll-paused', `${process.name} ${what}`)
        process.freeze(random.between(1_000, 60_000))
        await process.pause(1)
      } else if (drawn < rollCrash + rollSleep + rollYield) await process.pause(random.between(0, 50))
    }

    async function around<T>(what: string, act: () => Promise<T>): Promise<T> {
      await moment(`before ${what}`)
      const result = await act()
      await moment(`after ${what}`)
      return result
    }

    return {
      read(collection, ids) {
        if (random.chance(weather().readError)) {
          world.fault('read-error', process.name)
          return Promise.reject(
            new CodedError('store-unavailable', 'the disk of the store cannot be read', { retryable: true }),
          )
        }
        return around(`reading ${collection}`, () => disk.read(collection, ids))
      },
      async write(collection, documents) {
        for (const document of documents) {
          if (random.chance(weather().storeFull)) {
            world.fault('store-disk-full', process.name)
            throw new CodedError('store-full', 'there is no room on the disk of the store', {
              retryable: true,
            })
          }
          await around(`writing ${collection} ${document.id}`, () => disk.write(collection, [document]))
          world.note(`${process.name} wrote ${collection} ${document.id} ${document.o.g}/${document.o.n}`)
        }
      },
      checkpoint: (...args) => around('reading the checkpoint', () => disk.checkpoint(...args)),
      createCheckpoint: (...args) => around('making the checkpoint', () => disk.createCheckpoint(...args)),
      raiseReach: (...args) => around('raising reach', () => disk.raiseReach(...args)),
      currentSets: (...args) => around('reading the sets', () => disk.currentSets(...args)),
      changePhase: (...args) => around('changing the phase', () => disk.changePhase(...args)),
      async advance(partition, position, swaps) {
        const taken = await around('moving the checkpoint', () => disk.advance(partition, position, swaps))
        world.note(`${process.name} checkpoint ${partition} ${position.g}/${position.n} ${taken}`)
        return taken
      },
    }
  }

  return { disk, clientOf }
}

/** What is stored under an id, as it is now. */
export function storedIn<D extends Document>(
  disk: MemoryStore,
  collection: CollectionName,
  id: string,
): D | null {
  return (disk.documents[collection].get(id) ?? null) as D | null
}
