import {
  encodeBatch,
  makeBatch,
  type Metric,
  metricByName,
  partitionOf,
  type Run,
  upTopic,
} from '@barograph/proto'
import type { ApiReadiness } from '@barograph/proto/api'
import kafkajs from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createKafkaDeadLetters, createKafkaLog } from '../../collector/log/kafka/index.ts'
import { type Collector, createCollector } from '../harness/collector.ts'
import { connectDevice } from '../harness/device.ts'
import { comparableRollups, countStored } from '../harness/documents.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { collectorProgram, type Ended, run, start } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import { batchesOf, newarkSite, newarkStream } from '../newark/batches.ts'
import { readRows } from '../newark/rows.ts'
import { needsKafka } from '../needs.ts'
import { logAt, useKafka } from './kafka-rig.ts'

const device = 'newark'
const batchRows = 50
const rows = readRows().slice(0, 300)
const batches = batchesOf(device, rows, () => batchRows)
const partitions = 4
const own = partitionOf(device, partitions)

/** A reading an hour from now on. */
const ahead = (count: number): Run => ({
  ...newarkStream,
  sensor: 'ahead',
  intervalMs: 60_000,
  firstSeq: 1,
  times: Float64Array.from({ length: count }, (_, i) => Date.now() + 3_600_000 + i * 60_000),
  columns: [{ metric: metricByName('temperature') as Metric, values: new Float64Array(count), flags: null }],
  marks: [],
})

/** Runs a command that has to end with this code. */
async function command(collector: Collector, code: number, ...args: string[]): Promise<Ended> {
  const ended = await run([collectorProgram, ...args], collector.env)
  expect(ended.code, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`).toBe(code)
  return ended
}

const linesOf = ({ stdout }: Ended): string[] => stdout.split('\n').filter((line) => line !== '')
const zonesIn = (folder: string): string =>
  [...new Set([...comparableRollups(folder).values()].map(({ timeZone }) => String(timeZone)))].sort().join()

describe.skipIf(!needsKafka.isMet)(`an operator of a log in Kafka ${needsKafka.title}`, () => {
  const kafka = useKafka()

  async function startCollector(topicPrefix: string): Promise<Collector> {
    const env = { BAROGRAPH_LOG_URL: kafka().url, BAROGRAPH_LOG_TOPICPREFIX: topicPrefix }
    const collector = await createCollector({ folder: temporaryFolder(), env })
    await collector.start()
    onTestFinished(() => collector.kill())
    return collector
  }

  async function withAdmin(work: (admin: kafkajs.Admin) => Promise<unknown>): Promise<void> {
    const client = new kafkajs.Kafka({
      brokers: [`127.0.0.1:${kafka().port}`],
      logLevel: kafkajs.logLevel.NOTHING,
    })
    const admin = client.admin()
    await admin.connect()
    await work(admin)
    await admin.disconnect()
  }

  test('releases, takes sites back, rebuilds, replays and looks on beside the running collector', async () => {
    const collector = await startCollector('operated')
    const { folder } = collector
    const station = await connectDevice(collector.broker, device)
    await station.send(makeBatch(device, { site: newarkSite }))
    for (const batch of batches) await station.send(batch)
    await station.send(makeBatch(device, { siteVersion: 1, runs: [ahead(3)] }))
    await station.untilStored(newarkStream.sensor, newarkStream.epoch, rows.length)
    await station.untilStored('ahead', newarkStream.epoch, 3)

    const windows = (): number => comparableRollups(folder).size
    const before = windows()
    expect(linesOf(await command(collector, 0, 'release', '--list'))).toEqual([
      expect.stringMatching(/^newark\/ahead .* 3 entries/),
    ])
    await command(collector, 0, 'release', '--device', device, '--why', 'a test')
    await eventually('what was released is in windows', () => windows() > before)
    expect((await command(collector, 0, 'release', '--list')).stdout).toContain('Nothing waits')

    const berlin = {
      ...newarkSite,
      version: 2,
      timeZone: 'Europe/Berlin',
      validFrom: rows[100]?.time ?? 0,
    }
    await station.send(makeBatch(device, { site: berlin }))
    await eventually('windows are cut anew', () => zonesIn(folder) === 'America/New_York,Europe/Berlin')
    expect(linesOf(await command(collector, 0, 'sites', 'list', device))).toHaveLength(2)
    await command(collector, 0, 'sites', 'undo', device)
    await eventually('all is as it was', () => zonesIn(folder) === 'America/New_York')

    const rebuilt = await command(collector, 0, 'rebuild', '--json')
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({ device, state: 'swapped', windows: windows() })
    expect((await command(collector, 0, 'rebuild', '--dry-run')).stdout).toMatch(/^newark: \d+ windows equal/)
    expect((await command(collector, 0, 'rebuild', '--new-log')).stdout).toContain(
      'the log is the one that was folded; nothing was done',
    )

    await station.sendBytes(upTopic(device), encodeBatch(makeBatch('cellar', { hello: [] })))
    const letters = await createKafkaDeadLetters(logAt(kafka(), { topicPrefix: 'operated' }))
    const late = makeBatch(device, { siteVersion: 1, runs: [{ ...ahead(2), sensor: 'late' }] })
    const now = Date.now()
    await letters.add([
      {
        topic: upTopic(device),
        device,
        ingestMs: now,
        code: 'test',
        reason: 'was wrong once',
        value: encodeBatch(late),
      },
    ])
    await letters.close()
    const listed = linesOf(await command(collector, 0, 'dead-letters', 'list', '--json')).map(
      (line) => JSON.parse(line) as { id: number; code: string },
    )
    expect(listed.map(({ code }) => code)).toEqual(['test', 'wrong-device'])
    const [good, bad] = listed.map(({ id }) => String(id))
    if (!good || !bad) throw new Error('no letters')
    expect((await command(collector, 0, 'dead-letters', 'show', good)).stdout).toContain('was wrong once')
    expect((await command(collector, 0, 'dead-letters', 'replay', good)).stdout).toContain('logged')
    expect((await command(collector, 1, 'dead-letters', 'replay', bad)).stdout).toContain('still refused')
    expect(linesOf(await command(collector, 0, 'dead-letters', 'list'))).toHaveLength(1)
    await eventually('the letter is stored', () => countStored(folder) === rows.length + 3 + 2)

    const tail = async (...args: string[]) =>
      linesOf(await command(collector, 0, 'tail', '--no-follow', '--from', ...args)).map(
        (line) => JSON.parse(line) as { offset: number; partition: number; seq?: number; sensor?: string },
      )
    const all = await tail('beginning')
    expect(all.filter(({ sensor }) => sensor === newarkStream.sensor)).toHaveLength(rows.length)
    expect(new Set(all.map(({ partition }) => partition))).toEqual(new Set([own]))
    expect(await tail('beginning', '--partitions', String(own))).toEqual(all)
    expect(await tail('beginning', '--partitions', String((own + 1) % partitions))).toEqual([])
    const from = all[150]?.offset ?? 0
    expect(await tail(String(from), '--device', device)).toEqual(all.filter(({ offset }) => offset >= from))
    const following = start([collectorProgram, 'tail', '--device', device, '--from', String(from)], {
      ...collector.env,
    })
    onTestFinished(() => following.send('SIGKILL'))
    await eventually('it prints what is there', () => following.stdout().includes('"late"'))
    await station.send(makeBatch(device, { siteVersion: 1, runs: [{ ...ahead(1), sensor: 'newest' }] }))
    await eventually('it prints what comes', () => following.stdout().includes('"newest"'))
    expect((await following.stop()).code).toBe(0)

    await command(collector, 0, 'doctor')
    expect((await command(collector, 0, 'check')).stdout).toContain('topicPrefix: operated')
    await station.untilStored('newest', newarkStream.epoch, 1)
    expect((await command(collector, 0, 'audit')).stdout).toContain('Equal: nothing differs.')
    expect((await collector.stop()).code).toBe(0)
  }, 300_000)

  test('goes over to a topic that was made anew, and on where retention deleted what was not folded', async () => {
    const collector = await startCollector('replaced')
    const { folder } = collector
    const send = async (from: number, to: number): Promise<void> => {
      const station = await connectDevice(collector.broker, device)
      await station.send(makeBatch(device, { site: newarkSite }))
      for (const batch of batches.slice(from, to)) await station.send(batch)
      await eventually('it is stored', () => countStored(folder) === to * batchRows)
      await station.close()
    }
    const isClean = async (): Promise<void> => {
      expect((await command(collector, 0, 'audit')).stdout).toContain('Equal: nothing differs.')
      expect((await command(collector, 0, 'rebuild', '--dry-run')).stdout).toMatch(/windows equal/)
    }
    await send(0, 2)
    const topic = 'replaced.readings'
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }))
    await eventually('it says what is wrong', async () => {
      const answer = await fetch(`${collector.page}/readyz`)
      const { checks } = (await answer.json()) as ApiReadiness
      return answer.status === 503 && checks.some(({ detail }) => detail.includes(`no topic ${topic}`))
    })
    await collector.kill()
    expect((await command(collector, 2, 'audit')).stderr).toContain(`There is no topic ${topic}.`)
    await command(collector, 1, 'rebuild', '--new-log')
    const refused = await command(collector, 1, 'run')
    expect(refused.stderr).toContain('barograph-collector rebuild --new-log')
    expect((await command(collector, 1, 'audit')).stdout).toContain(
      'was folded from another log than this one',
    )
    expect((await command(collector, 0, 'rebuild', '--new-log')).stdout).toMatch(
      /goes on at record 0 of the log \S+ \(generation 1\)/,
    )
    await collector.start()
    await send(1, 4)
    await collector.stop()
    await isClean()

    const log = await createKafkaLog(
      logAt(kafka(), { topicPrefix: 'replaced', partitions, retentionMs: 7 * 86_400_000 }),
    )
    await log.append(
      batches.slice(4, 5).map((batch) => ({
        device,
        kind: 'batch' as const,
        ingestMs: Date.now(),
        quarantineAfterMs: null,
        value: encodeBatch(batch),
      })),
    )
    const { next } = await log.extent(own)
    await log.close()
    await withAdmin(async (admin) => {
      // kafkajs has to know the topic before.
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: own, offset: String(next) }] })
    })
    await collector.start()
    await eventually('it says what is missing', () =>
      collector.process().stderr().includes('the log does not reach back to where the store was folded'),
    )
    await send(4, 6)
    await collector.stop()
    await isClean()
  }, 300_000)

  test('tails through a restart of Kafka and what retention drops, and no group knows of it', async () => {
    const options = logAt(kafka(), { topicPrefix: 'tailed', partitions, retentionMs: 7 * 86_400_000 })
    const log = await createKafkaLog(options)
    onTestFinished(() => log.close())
    const append = (batch: (typeof batches)[number]) =>
      log.append([
        { device, kind: 'batch', ingestMs: Date.now(), quarantineAfterMs: null, value: encodeBatch(batch) },
      ])
    for (const batch of batches.slice(0, 3)) await append(batch)
    const env = { BAROGRAPH_LOG_URL: kafka().url, BAROGRAPH_LOG_TOPICPREFIX: 'tailed' }
    const tail = (...args: string[]) => [collectorProgram, 'tail', '--device', device, ...args]
    const following = start(tail('--from', 'beginning', '--limit', String(5 * batchRows)), env)
    const lines = () => following.stdout().split('\n').slice(0, -1)
    await eventually('it prints what is there', () => lines().length === 3 * batchRows, 180_000)
    await withAdmin(async (admin) => {
      const { groups } = await admin.listGroups()
      expect(groups.map(({ groupId }) => groupId).filter((id) => /none|tailed/.test(id))).toEqual([])
    })
    await kafka().restart()
    for (const batch of batches.slice(3, 5))
      await eventually('it is appended', async () => (await append(batch)).length === 1, 120_000)
    const { code, stdout, stderr } = await following.ended
    expect(code, stderr).toBe(0)
    expect(stderr).toMatch(/Kafka at \S+ does not answer.*Trying again/)
    const printed = linesOf({ stdout } as Ended).map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(printed).toEqual(rows.slice(0, 5 * batchRows).map((_, i) => i + 1))

    await log.prune(Date.now() + 60_000)
    await append(batches[5] ?? makeBatch(device, {}))
    const begun = await run(tail('--from', 'beginning', '--no-follow'), env)
    expect(begun.code, begun.stderr).toBe(0)
    expect(linesOf(begun).map((line) => (JSON.parse(line) as { offset: number }).offset)).toEqual(
      Array.from({ length: batchRows }, () => 5),
    )
    const early = await run(tail('--from', '4'), env)
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringContaining(`--from 4: partition ${own} holds records 5 to 5.`) as string,
    ])
  }, 300_000)
})
