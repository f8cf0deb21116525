import { expect, test } from 'vitest'
import type { EpochDocument } from '../core/documents.ts'
import { newEpoch, see, settle } from '../core/epoch.ts'
import { origin } from '../core/position.ts'
import type { Change, Store } from '../core/store.ts'
import { createGapWatch } from './gap-watch.ts'

/** A store as far as it tells its changes: one epoch a change. */
function createChanges(documents: readonly EpochDocument[]) {
  const changes = documents.map((document): Change => ({ collection: 'epochs', document }))
  const store: Pick<Store, 'changes' | 'newestChange' | 'read'> = {
    newestChange: async () => changes.length,
    changes: async (since, limit) => {
      const page = changes.slice(since, since + limit)
      return { changes: page, cursor: since + page.length }
    },
    read: async (_, ids) => ids.map(() => null),
  }
  return { store, changes }
}

function epochOf(sensor: string, ...steps: number[]): EpochDocument {
  const epoch = newEpoch('balcony', { sensor, epoch: '00000000000000aa' }, origin)
  steps.forEach((seq, i) => {
    see(epoch, [seq, seq], '')
    settle(epoch, 1_000 * (i + 1))
  })
  return epoch
}

test('the figures follow what changes, and begin anew over an older copy of the store', async () => {
  const { store, changes } = createChanges([epochOf('attic', 1, 4), epochOf('cellar', 1, 3)])
  const watch = createGapWatch(store)
  const figures = async () => {
    const { causes, healed } = await watch.look(10_000)
    return [causes['on-its-way'], healed]
  }
  expect(await figures()).toEqual([{ gaps: 2, missing: 3, since: 2_000 }, 0])
  changes.push({ collection: 'epochs', document: epochOf('cellar', 1, 3, 2) })
  expect(await figures()).toEqual([{ gaps: 1, missing: 2, since: 2_000 }, 1])
  changes.splice(0, 3, { collection: 'epochs', document: epochOf('cellar', 1, 3) })
  expect(await figures()).toEqual([{ gaps: 1, missing: 1, since: 2_000 }, 0])
})
