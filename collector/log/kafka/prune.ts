import type { Log } from '../../core/log.ts'
import type { KafkaClient } from './client.ts'
import { explain } from './failure.ts'
import type { Lane, TopicPartition } from './lane.ts'

/**
 * Kafka drops whole files of old records by itself (`retention.ms`), some time after they are old enough. This drops
 * records that are, in each partition up to the first that is not.
 */
export function createPrune({
  client,
  lane,
  partitions,
  placeOf,
}: {
  readonly client: KafkaClient
  readonly lane: Lane
  readonly partitions: number
  readonly placeOf: (partition: number) => TopicPartition
}): Log['prune'] {
  return async (ingestedBeforeMs) => {
    const cuts: { place: TopicPartition; offset: number; count: number }[] = []
    for (let partition = 0; partition < partitions; partition++) {
      const place = placeOf(partition)
      const { first, next } = await lane.extent(place)
      if (first === next) continue
      const offset = (await lane.offsetAt(place, ingestedBeforeMs)) ?? next
      if (offset > first) cuts.push({ place, offset, count: offset - first })
    }
    const admin = client.kafka.admin()
    try {
      await admin.connect()
      for (const [topic, some] of Map.groupBy(cuts, ({ place }) => place.topic)) {
        await admin.fetchTopicOffsets(topic)
        await admin.deleteTopicRecords({
          topic,
          partitions: some.map(({ place, offset }) => ({
            partition: place.partition,
            offset: String(offset),
          })),
        })
      }
    } catch (error) {
      throw explain(error, client.place, false)
    } finally {
      await admin.disconnect()
    }
    return cuts.reduce((sum, { count }) => sum + count, 0)
  }
}
