import { createHash } from 'node:crypto'
import { partitionOf } from '@barograph/proto'
import type { TopicPartition } from './lane.ts'

/** Devices whose ids fit the pattern (`*` stands for any characters) have their records in this topic. */
export interface Route {
  readonly device: string
  readonly topic: string
}

/** How devices and the log's partitions lie in topics. */
export interface Layout {
  /** Each of them has `partitionsEach`; the log's partitions are theirs, one topic after the other. */
  readonly topics: readonly string[]
  readonly partitions: number
  readonly partitionsEach: number
  partitionOf(device: string): number
  placeOf(partition: number): TopicPartition
  /** The log's number of a topic's partition. */
  numberOf(topic: string, partition: number): number
}

/** The first route that fits a device holds; those that none fits are in `topic`, which comes first. */
export function layOut(topic: string, partitionsEach: number, routes: readonly Route[]): Layout {
  const topics = [...new Set([topic, ...routes.map((route) => route.topic)])]
  const patterns = routes.map((route) => ({
    pattern: patternOf(route.device),
    index: topics.indexOf(route.topic),
  }))
  return {
    topics,
    partitionsEach,
    partitions: topics.length * partitionsEach,
    partitionOf(device) {
      const index = patterns.find(({ pattern }) => pattern.test(device))?.index ?? 0
      return index * partitionsEach + partitionOf(device, partitionsEach)
    },
    placeOf: (partition) => ({
      topic: topics[Math.floor(partition / partitionsEach)] ?? topic,
      partition: partition % partitionsEach,
    }),
    numberOf: (name, partition) => topics.indexOf(name) * partitionsEach + partition,
  }
}

/** Ids of devices have nothing that a regular expression would take for something else. */
const patternOf = (device: string): RegExp => new RegExp(`^${device.replaceAll('*', '.*')}$`)

const hashCharacters = 22

/**
 * The id of a log: that of its topic and the number of its partitions; where there are routes, a hash of the ids of all
 * topics and of the routes instead. So a topic that was made anew or got more partitions, and other routes, are another log.
 */
export function logIdOf(ids: readonly string[], partitionsEach: number, routes: readonly Route[]): string {
  const said = JSON.stringify({ ids, routes: routes.map(({ device, topic }) => [device, topic]) })
  const hash = createHash('sha256').update(said).digest('base64url').slice(0, hashCharacters)
  return `${routes.length === 0 ? (ids[0] ?? '') : hash}-${partitionsEach}`
}
