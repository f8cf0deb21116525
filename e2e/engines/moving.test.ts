import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiDevices } from '@barograph/proto/api'
import { sizeOf } from '@barograph/proto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAgent } from '../harness/agent.ts'
import { createCollector } from '../harness/collector.ts'
import { comparableRollups, storedNumbers } from '../harness/documents.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { collectorProgram, type Ended, run, start } from '../harness/process.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsKafka, needsMongodb } from '../needs.ts'
import { newarkYaml } from '../newark/agent-yaml.ts'
import { readRows } from '../newark/rows.ts'
import { useKafka } from './kafka-rig.ts'
import { type MongoServer, startMongoServer } from './mongo-server.ts'

const rows = readRows()
const yearMs = 365 * 86_400_000
/** So that the agent is at work during all of it. */
const pacedToMs = 25_000
const patienceMs = 240_000
/** When a copy is killed, after its start; none of them has to hit it. */
const killsMs = [400, 900, 1_400]

const isMet = needsKafka.isMet && needsMongodb.isMet
describe.skipIf(!isMet)(`moving house ${needsKafka.title} ${needsMongodb.title}`, () => {
  const kafka = useKafka()
  let mongo: MongoServer
  beforeAll(async () => {
    mongo = await startMongoServer()
  })
  afterAll(() => mongo?.stop())

  /** Kills it a few times, then lets it come to its end. */
  async function copy(
    startAndStop: () => Promise<void>,
    env: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<Ended> {
    const command = [collectorProgram, 'copy', ...args]
    for (const afterMs of killsMs) {
      const killed = start(command, env)
      await sleep(afterMs)
      killed.send('SIGKILL')
      await killed.ended
    }
    let whole = await run(command, env)
    // A machine that is busy ends a collector before it has written all, and an engine may not answer in time: the words
    // tell what to do about it.
    for (let i = 0; i < 5 && /further than its checkpoint|does not answer/.test(whole.stderr); i++) {
      if (whole.stderr.includes('further than its checkpoint')) await startAndStop()
      whole = await run(command, env)
    }
    expect(whole.code, whole.stderr).toBe(0)
    expect(whole.stdout).toMatch(/^(copied|was copied before), and each compared: /)
    return whole
  }

  test('from the embedded parts to Kafka, with more partitions, and MongoDB and back, with an agent at work, every reading is once', {
    timeout: 3 * patienceMs,
  }, async () => {
    const folder = temporaryFolder()
    const back = join(folder, 'back')
    mkdirSync(back)
    const collector = await createCollector({ folder })
    const database = mongo.freshUrl()
    const services = {
      ...collector.env,
      BAROGRAPH_LOG_URL: kafka().url,
      BAROGRAPH_LOG_TOPICPREFIX: 'moved',
      BAROGRAPH_LOG_PARTITIONS: '6',
      BAROGRAPH_STORE_URL: database,
    }
    const home = {
      ...collector.env,
      BAROGRAPH_LOG_URL: `sqlite:${join(back, 'log.db')}`,
      BAROGRAPH_STORE_URL: `sqlite:${join(back, 'store.db')}`,
    }
    const again = (env: Readonly<Record<string, string>>) => async (): Promise<void> => {
      await collector.start(env)
      expect((await collector.stop()).code).toBe(0)
    }
    const yaml = newarkYaml('newark', yearMs / pacedToMs)
    const agent = createAgent({ folder, name: 'newark', yaml, broker: collector.broker })
    const newest = async (): Promise<string> => {
      const { devices } = await collector.get<ApiDevices>('/api/v1/devices')
      return devices[0]?.newest ?? ''
    }
    const someMore = async (than: string): Promise<string> =>
      eventually('some more is stored', async () => ((await newest()) > than ? newest() : null), patienceMs)

    await collector.start()
    agent.start()
    const first = await someMore('2013-01-20')
    expect((await collector.stop()).code).toBe(0)

    const log = await copy(
      again(collector.env),
      services,
      '--from',
      `sqlite:${join(folder, 'log.db')}`,
      '--to',
      kafka().url,
      '--partitions',
      '6',
    )
    expect(log.stdout).toContain('records in 6 partitions')
    await copy(
      again(collector.env),
      services,
      '--from',
      `sqlite:${join(folder, 'store.db')}`,
      '--to',
      database,
      '--new-log',
    )
    await collector.start(services)
    const second = await someMore(first)
    // Beside the collector that runs.
    const audit = await run([collectorProgram, 'audit'], services)
    expect(audit.code, audit.stdout + audit.stderr).toBe(0)
    expect((await collector.stop()).code).toBe(0)

    await copy(
      again(services),
      services,
      '--from',
      kafka().url,
      '--to',
      home.BAROGRAPH_LOG_URL,
      '--partitions',
      '4',
    )
    await copy(again(services), home, '--from', database, '--to', home.BAROGRAPH_STORE_URL, '--new-log')
    await collector.start(home)
    await someMore(second)
    await eventually(
      'the year is stored and the buffer is empty',
      async () => (await newest()) === '2013-12-30T23:00:00Z' && agent.rows() === 0,
      patienceMs,
    )
    expect((await agent.stop()).code).toBe(0)
    expect((await collector.stop()).code).toBe(0)

    const years = [...comparableRollups(back).values()].filter(({ level }) => level === 'year')
    expect(years.map(({ received }) => Number(received)).reduce((a, b) => a + b, 0)).toBe(rows.length)
    // Throws when a number is there twice: the readings, and the start and stop of the sensor.
    const numbers = [...storedNumbers(back, 'newark').values()].map(sizeOf)
    expect(numbers.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(rows.length)
    const checked = await run([collectorProgram, 'audit'], home)
    expect(checked.code, checked.stdout + checked.stderr).toBe(0)
    const dry = await run([collectorProgram, 'rebuild', '--dry-run'], home)
    expect(dry.stdout).toMatch(/^newark: [\d,]+ windows equal/)
  })

  test(
    'what is no copy is refused in words, and so is a copy that is not whole',
    async () => {
      const folder = temporaryFolder()
      const store = join(folder, 'store.db')
      const collector = await createCollector({ folder })
      await collector.start()
      await collector.stop()
      const refused = async (...args: string[]): Promise<string> => {
        const { code, stderr } = await run([collectorProgram, 'copy', ...args], collector.env)
        expect(code).toBe(2)
        return stderr
      }
      expect(await refused('--from', `sqlite:${store}`, '--to', kafka().url)).toContain('is a store, and')
      expect(await refused('--from', `sqlite:${store}`, '--to', `sqlite:${store}`)).toContain('the same')
      expect(await refused('--from', `sqlite:${folder}/no.db`, '--to', kafka().url)).toContain(
        'There is no file',
      )
      expect(await refused('--from', 'http://x', '--to', kafka().url)).toContain('no place of a store')
    },
    patienceMs,
  )
})
