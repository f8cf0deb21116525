import { CodedError, partitionOf } from '@barograph/proto'
import type { Log, NewRecord } from '../../core/log.ts'
import { hasTopic, openTopic } from './admin.ts'
import { createAppending } from './appending.ts'
import { createClient, type KafkaClient } from './client.ts'
import { missingTopic } from './failure.ts'
import { createLane, type Lane } from './lane.ts'
import type { KafkaPlace } from './place.ts'
import { createPrune } from './prune.ts'
import { createReading } from './reading.ts'
import { copyingTopic, readingsTopic } from './topics.ts'

export interface KafkaLogOptions {
  readonly place: KafkaPlace
  /** What the names of our topics begin with. */
  readonly topicPrefix: string
  /** Fixed when the topic is made; another number later is an error. */
  readonly partitions: number
  /** Copies of each record in the cluster; null: as many as it makes by itself. */
  readonly replication: number | null
  /** Kafka may drop what is older; null: it keeps everything. */
  readonly retentionMs: number | null
  /** It is a copy in the making: everybody else refuses it until it is whole. */
  readonly isCopy?: boolean
}

/** A log in a topic of Kafka, which is made when there is none. Any number of processes may append and read at once. */
export async function createKafkaLog(options: KafkaLogOptions): Promise<Log> {
  return open(options, true)
}

/** Opens a log that is there, to read beside those that append; `append` and `prune` are refused. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  return open(options, false)
}

async function open(options: KafkaLogOptions, writes: boolean): Promise<Log> {
  const { place, topicPrefix, partitions } = options
  const client = createClient(place)
  const wish = readingsTopic(`${topicPrefix}.readings`, options)
  if (!options.isCopy && (await hasTopic(client, copyingTopic(topicPrefix, null).name)))
    throw new CodedError('log-half-copied', `Topic ${wish.name} is a copy of a log that is not whole yet.`, {
      hint: 'Run the "barograph-collector copy" again that was broken off: it goes on where it was. Or name another log.topicPrefix.',
    })
  await openTopic(client, wish, writes)
  const lane = createLane(client)
  try {
    const id = await lane.topicId(wish.name)
    if (id === null) throw missingTopic(wish.name)
    return createLog(client, { id, partitions, topic: wish.name, writes })
  } finally {
    await lane.close()
  }
}

interface Identity {
  readonly id: string
  readonly partitions: number
  readonly topic: string
  readonly writes: boolean
}

function createLog(client: KafkaClient, { id, partitions, topic, writes }: Identity): Log {
  const closing = new AbortController()
  const placeOf = (partition: number) => ({ topic, partition })
  const reading = createReading({
    client,
    placeOf,
    isOwn: (device, partition) => partitionOf(device, partitions) === partition,
    verifyTopic: (lane) => requireTopic(lane, topic, id),
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
    partitionOf: (device) => partitionOf(device, partitions),
    async append(records) {
      check()
      const placed = records.map((record) => ({ record, partition: placeRecord(record, partitions) }))
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
function placeRecord({ kind, device, partition }: NewRecord, partitions: number): number {
  const place = kind === 'settings' ? partition : partitionOf(device, partitions)
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
