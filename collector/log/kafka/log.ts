import { CodedError } from '@barograph/proto'
import type { Log, NewRecord } from '../../core/log.ts'
import { hasTopic, openTopic } from './admin.ts'
import { createAppending } from './appending.ts'
import { createClient, type KafkaClient } from './client.ts'
import { missingTopic } from './failure.ts'
import { createLane, type Lane } from './lane.ts'
import type { KafkaPlace } from './place.ts'
import { createPrune } from './prune.ts'
import { createReading } from './reading.ts'
import { type Layout, layOut, logIdOf, type Route } from './routes.ts'
import { copyingTopic, readingsTopic, readingsTopicOf } from './topics.ts'

export interface KafkaLogOptions {
  readonly place: KafkaPlace
  /** What the names of our topics begin with. */
  readonly topicPrefix: string
  /** Of each topic; fixed when it is made; another number later is an error. */
  readonly partitions: number
  /** Devices in topics beside ours; fixed with the log. */
  readonly routes?: readonly Route[]
  /** Copies of each record in the cluster; null: as many as it makes by itself. */
  readonly replication: number | null
  /** Kafka may drop what is older; null: it keeps everything. */
  readonly retentionMs: number | null
  /** It is a copy in the making: everybody else refuses it until it is whole. */
  readonly isCopy?: boolean
}

/** A log in one or several topics of Kafka, which are made when there are none. Any number of processes may append and read at once. */
export async function createKafkaLog(options: KafkaLogOptions): Promise<Log> {
  return open(options, true)
}

/** Opens a log that is there, to read beside those that append; `append` and `prune` are refused. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  return open(options, false)
}

async function open(options: KafkaLogOptions, writes: boolean): Promise<Log> {
  const { place, topicPrefix, partitions, routes = [] } = options
  const client = createClient(place)
  const own = readingsTopicOf(topicPrefix)
  if (!options.isCopy && (await hasTopic(client, copyingTopic(topicPrefix, null).name)))
    throw new CodedError('log-half-copied', `Topic ${own} is a copy of a log that is not whole yet.`, {
      hint: 'Run the "barograph-collector copy" again that was broken off: it goes on where it was. Or name another log.topicPrefix.',
    })
  const layout = layOut(own, partitions, routes)
  for (const topic of layout.topics) await openTopic(client, readingsTopic(topic, options), writes)
  const lane = createLane(client)
  try {
    const ids = new Map<string, string>()
    for (const topic of layout.topics) {
      const id = await lane.topicId(topic)
      if (id === null) throw missingTopic(topic)
      ids.set(topic, id)
    }
    const id = logIdOf([...ids.values()], partitions, routes)
    return createLog(client, { id, ids, layout, writes })
  } finally {
    await lane.close()
  }
}

interface Identity {
  readonly id: string
  /** By topic. */
  readonly ids: ReadonlyMap<string, string>
  readonly layout: Layout
  readonly writes: boolean
}

function createLog(client: KafkaClient, { id, ids, layout, writes }: Identity): Log {
  const closing = new AbortController()
  const { partitions, partitionOf, placeOf } = layout
  const reading = createReading({
    client,
    placeOf,
    isOwn: (device, partition) => partitionOf(device) === partition,
    verifyTopic: (lane, topic) => requireTopic(lane, topic, ids.get(topic) ?? ''),
    closing: closing.signal,
  })
  const appending = writes ? createAppending({ client, placeOf }) : null
  const check = (): void => {
    if (closing.signal.aborted) throw new CodedError('log-closed', 'The log is closed.')
  }
  const readOnly = (): never => {
    throw new CodedError('log-read-only', 'This opening of the log only reads.')
  }
  const { extent, read, follow, hashBefore, lane } = reading
  const prune = createPrune({ client, lane, partitions, placeOf })
  return {
    id,
    partitions,
    partitionOf,
    async append(records) {
      check()
      const placed = records.map((record) => ({ record, partition: placeRecord(record, layout) }))
      return appending ? appending.append(placed) : readOnly()
    },
    extent,
    read,
    follow,
    hashBefore,
    prune: async (before) => (writes ? prune(before) : readOnly()),
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      await appending?.close()
      await lane.close()
    },
  }
}

/** A wrong partition here is a bug of the caller: what is in the wrong partition is never found again. */
function placeRecord(
  { kind, device, partition }: NewRecord,
  { partitions, partitionOf }: Pick<Layout, 'partitions' | 'partitionOf'>,
): number {
  const place = kind === 'settings' ? partition : partitionOf(device)
  if (place === undefined || !Number.isInteger(place) || place < 0 || place >= partitions)
    throw new RangeError(`a ${kind} record for partition ${partition} of ${partitions}`)
  if (partition !== undefined && partition !== place)
    throw new RangeError(`device ${device} belongs to partition ${place}, not ${partition}`)
  return place
}

/** The topic that was opened must still be the one of that name. */
async function requireTopic(lane: Lane, topic: string, id: string): Promise<void> {
  const now = await lane.topicId(topic)
  if (now === id) return
  if (now === null) throw missingTopic(topic)
  throw new CodedError('log-replaced', `Topic ${topic} was deleted and made anew (${id}, now ${now}).`, {
    hint: 'Start the collector again: it tells how to go on. Agents still hold every reading that was never stored.',
  })
}
