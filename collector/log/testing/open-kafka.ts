import type { Log } from '../../core/log.ts'
import { createKafkaLog, type KafkaLogOptions, openKafkaLog } from '../kafka/log.ts'

const optionsOf = (location: string, partitions: number): KafkaLogOptions => {
  const [broker = '', topicPrefix = ''] = location.split('/')
  return {
    place: { brokers: [broker], tls: null, sasl: null },
    topicPrefix,
    partitions,
    replication: 1,
    retentionMs: null,
  }
}

/** How the contract's processes open a log in Kafka: the location is `host:port/prefix`. */
export const openLog = (location: string, partitions: number): Promise<Log> =>
  createKafkaLog(optionsOf(location, partitions))

export const openReader = (location: string, partitions: number): Promise<Log> =>
  openKafkaLog(optionsOf(location, partitions))
