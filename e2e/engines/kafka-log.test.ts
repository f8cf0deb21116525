import { randomUUID } from 'node:crypto'
import { describe } from 'vitest'
import { describeLog } from '../../collector/log/log-contract.ts'
import { openLog, openReader } from '../../collector/log/testing/open-kafka.ts'
import { needsKafka } from '../needs.ts'
import { useKafka } from './kafka-rig.ts'

describe.skipIf(!needsKafka.isMet)(`what every log promises ${needsKafka.title}`, () => {
  const broker = useKafka()
  describeLog('Kafka', {
    create: async () => `127.0.0.1:${broker().port}/test-${randomUUID()}`,
    remove: async () => {},
    openLog,
    openReader,
    module: new URL('../../collector/log/testing/open-kafka.ts', import.meta.url).pathname,
  })
})
