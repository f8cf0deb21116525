import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeBatch } from '@barograph/proto'
import type { ApiReadiness } from '@barograph/proto/api'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createKafkaLog } from '../../collector/log/kafka/log.ts'
import { createCollector } from '../harness/collector.ts'
import { connectDevice } from '../harness/device.ts'
import { countStored } from '../harness/documents.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { collectorProgram, run } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import { batchesOf, newarkSite } from '../newark/batches.ts'
import { readRows } from '../newark/rows.ts'
import { needsKafka } from '../needs.ts'
import { logAt, useKafka } from './kafka-rig.ts'

const device = 'newark'
const rows = readRows().slice(0, 300)
const batches = batchesOf(device, rows, () => 50)

describe.skipIf(!needsKafka.isMet)(`a collector on Kafka ${needsKafka.title}`, () => {
  const kafka = useKafka()

  test('waits for a Kafka that is away, at the start and later, and tells the truth about it', async () => {
    const folder = temporaryFolder()
    const env = { BAROGRAPH_LOG_URL: kafka().url, BAROGRAPH_LOG_TOPICPREFIX: 'whole' }
    const collector = await createCollector({ folder, env })
    await kafka().kill('SIGKILL')
    const started = collector.start()
    onTestFinished(() => collector.kill())
    await eventually('it says that it waits', () => /waiting: Kafka at/.test(collector.process().stderr()))
    await eventually('its page says so too', async () => {
      const answer = await fetch(`${collector.page}/readyz`)
      const { checks } = (await answer.json()) as ApiReadiness
      return answer.status === 503 && checks.some(({ detail }) => detail.startsWith('Kafka at'))
    })
    await kafka().restart()
    await started

    const station = await connectDevice(collector.broker, device)
    await station.send(makeBatch(device, { site: newarkSite }))
    for (const batch of batches.slice(0, 3)) await station.send(batch)
    await eventually('the first half is stored', () => countStored(folder) === 150)
    await kafka().kill('SIGKILL')
    const late = batches.slice(3).map((batch) => station.send(batch))
    await eventually('it is not ready', async () => !(await fetch(`${collector.page}/readyz`)).ok)
    await kafka().restart()
    await Promise.all(late)
    await eventually('all of it is stored', () => countStored(folder) === rows.length)
    await eventually('it is ready again', async () => {
      const answer = await fetch(`${collector.page}/readyz`)
      if (!answer.ok) throw new Error(await answer.text())
      return true
    })

    const tail = await run([collectorProgram, 'tail', '--from', 'beginning', '--no-follow'], collector.env)
    expect(tail.code, tail.stderr).toBe(0)
    const numbers = tail.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq?: number }).seq)
    expect(new Set(numbers)).toEqual(new Set(rows.map((_, i) => i + 1)))
    expect((await collector.stop()).code).toBe(0)
    // Three starts of a broker.
  }, 240_000)

  test('refuses a topic with 3 instead of 4 partitions in one sentence', async () => {
    const folder = temporaryFolder()
    mkdirSync(folder, { recursive: true })
    const options = logAt(kafka(), { partitions: 3, retentionMs: 7 * 86_400_000 })
    await (await createKafkaLog(options)).close()
    const { code, stderr } = await run([collectorProgram, 'run', '--roles', 'broker,bridge,roll'], {
      BAROGRAPH_LOG_URL: kafka().url,
      BAROGRAPH_LOG_TOPICPREFIX: options.topicPrefix,
      BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
    })
    expect(code).toBe(2)
    expect(stderr).toContain(`Topic ${options.topicPrefix}.readings has 3 partitions, 4 are configured.`)
  })
})
