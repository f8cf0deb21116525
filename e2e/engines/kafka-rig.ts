import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { KafkaLogOptions } from '../../collector/log/kafka/log.ts'
import type { Service } from '../../scripts/services/engine.ts'
import type { Running } from '../harness/process.ts'
import { type KafkaOptions, startKafka } from '../../scripts/services/kafka.ts'

/** One broker for all tests of a group; ask for it inside of them. */
export function useKafka(options: Omit<KafkaOptions, 'folder'> = {}): () => Service {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-kafka-'))
  let broker: Service | null = null
  beforeAll(async () => {
    broker = await startKafka({ ...options, folder })
  })
  afterAll(async () => {
    await broker?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return () => {
    if (!broker) throw new Error('the broker is there only inside of tests')
    return broker
  }
}

let prefixes = 0

/** How to open a log of its own at a broker. */
export function logAt({ port }: Pick<Service, 'port'>, more: Partial<KafkaLogOptions> = {}): KafkaLogOptions {
  return {
    place: { brokers: [`127.0.0.1:${port}`], tls: null, sasl: null },
    topicPrefix: `test-${++prefixes}`,
    partitions: 4,
    replication: null,
    retentionMs: null,
    ...more,
  }
}

/** The partitions that a roll says to fold, as of now; it has to run with `--json`. */
export function foldedBy(roll: Running): number[] {
  const said = `${roll.stderr()}${roll.stdout()}`.matchAll(
    /"partitions":\[([\d,]*)\][^\n]*folds these partitions/g,
  )
  const last = [...said].at(-1)?.[1]
  return last ? last.split(',').map(Number) : []
}
