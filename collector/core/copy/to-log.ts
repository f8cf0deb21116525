import { CodedError, partitionOf } from '@barograph/proto'
import type { CollectionName, Collections, Position, SettingsDocument, StoredSettings } from '../documents.ts'
import type { Log } from '../log.ts'
import type { Checkpoint } from '../store.ts'
import type { StoreSource, StoreState } from './store-ports.ts'

/**
 * A store as it is for another log, which may have more partitions or fewer: each document follows into a new generation,
 * where nothing of the new log is folded yet (docs/protocol.md 5). It is a way over for stores that are settled: no
 * document is further than its checkpoint, as after a collector was stopped. Then it is also the fold of all records
 * before that checkpoint.
 */
export async function toLog(
  source: StoreSource,
  log: Pick<Log, 'id' | 'partitions' | 'partitionOf' | 'extent' | 'hashBefore'>,
): Promise<StoreSource> {
  const before = await source.state()
  const partitions = requireAll(before.checkpoints)
  if (before.checkpoints.some(({ logId }) => logId === log.id))
    throw new CodedError('copy-places', 'The store was folded from this log already.', {
      hint: 'Copy it without --new-log.',
    })
  const g = Math.max(...before.checkpoints.map(({ position }) => position.g)) + 1
  const to: Position = { g, n: 0 }
  const state: StoreState = {
    ...before,
    checkpoints: await checkpointsIn(log, to),
    sets: before.sets.map((one) => ({ ...one, partition: log.partitionOf(one.device) })),
  }
  const settings = mergedSettings(await allSettings(source), { partitions, into: log.partitions, to })

  function checkpointOf(device: string): Checkpoint {
    const found = before.checkpoints[partitionOf(device, partitions)]
    if (!found) throw new Error(`no checkpoint of ${device}`)
    return found
  }

  function over<C extends CollectionName>(collection: C, document: Collections[C]): Collections[C] {
    if (!('device' in document)) return document
    const { position } = checkpointOf(document.device)
    // What an owner of a generation before wrote too late stays of before: it is read as absent.
    if (document.o.g !== position.g) return document
    if (document.o.n > position.n) throw unsettled(document)
    if ('partition' in document && document.partition !== partitionOf(document.device, partitions))
      throw new CodedError(
        'copy-places',
        `The log before had routes: ${document.device} was led elsewhere.`,
        {
          hint: 'A store of a log with routes can follow to no other one yet.',
        },
      )
    const moved = { ...document, o: to }
    if (collection === 'devices') return { ...moved, partition: log.partitionOf(document.device) }
    // Where a summary's record stands was told by its `o` alone.
    if (collection === 'summaries' && !('at' in document && document.at))
      return { ...moved, at: { g: document.o.g, n: document.o.n - 1 } }
    return moved
  }

  return {
    ...source,
    // What was copied for another log is not what is copied for this one.
    mark: async () => `${await source.mark()} ${log.id} ${log.partitions}`,
    state: async () => state,
    count: async (collection) => (collection === 'settings' ? settings.length : source.count(collection)),
    async page(collection, after, limit) {
      if (collection === 'settings')
        return settings.filter(({ id }) => id > after).slice(0, limit) as (typeof settings)[number][] as never
      const found = await source.page(collection, after, limit)
      return found.map((document) => over(collection, document))
    },
  }
}

const unsettled = ({ id }: { readonly id: string }): CodedError =>
  new CodedError(
    'copy-unsettled',
    `${id} is further than its checkpoint: the collector was ended before it had written all.`,
    {
      hint: 'Start the collector once more as it was, with its old log, and stop it with SIGTERM; then copy.',
    },
  )

/** How many partitions the log had that this was folded from. */
function requireAll(checkpoints: readonly Checkpoint[]): number {
  checkpoints.forEach(({ partition }, i) => {
    if (partition !== i)
      throw new CodedError('copy-places', `Partition ${i} of the log before was never folded.`, {
        hint: 'Start a collector for all partitions once as it was, with its old log, and stop it; then copy.',
      })
  })
  return checkpoints.length
}

async function checkpointsIn(
  log: Pick<Log, 'id' | 'partitions' | 'extent' | 'hashBefore'>,
  position: Position,
): Promise<Checkpoint[]> {
  return Promise.all(
    Array.from({ length: log.partitions }, async (_, partition): Promise<Checkpoint> => {
      // Up to its end, so that it is noticed when this log is cut before it is folded.
      const { next: reach } = await log.extent(partition)
      const reachHash = await log.hashBefore(partition, reach)
      return { partition, logId: log.id, position, reach, reachHash, phase: null, swaps: 0, before: null }
    }),
  )
}

async function allSettings(source: StoreSource): Promise<SettingsDocument[]> {
  const all: SettingsDocument[] = []
  for (let after = ''; ; ) {
    const page = await source.page('settings', after, 100)
    all.push(...page)
    const last = page.at(-1)
    if (!last) return all
    after = last.id
  }
}

/** Each new partition knows the settings of those that its devices come from: positions there are not comparable here. */
function mergedSettings(
  old: readonly SettingsDocument[],
  { partitions, into, to }: { partitions: number; into: number; to: Position },
): SettingsDocument[] {
  const step = commonDivisor(partitions, into)
  return Array.from({ length: into }, (_, partition): SettingsDocument => {
    const history = old
      .filter(({ id }) => Number(id) % step === partition % step)
      .flatMap((document) =>
        document.history.map(
          (one): StoredSettings =>
            one.of ? one : { ...one, of: { partition: Number(document.id), partitions } },
        ),
      )
    return { id: String(partition), o: to, history }
  })
    .filter(({ history }) => history.length > 0)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))
