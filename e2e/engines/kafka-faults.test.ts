import { isCoded } from '@barograph/proto'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Log } from '../../collector/core/log.ts'
import { createKafkaLog } from '../../collector/log/kafka/log.ts'
import { kafkaTimes } from '../../collector/log/kafka/place.ts'
import { numberIn, recordOf } from '../../collector/log/testing/records.ts'
import { eventually, sleep } from '../harness/wait.ts'
import { needsKafka } from '../needs.ts'
import { logAt, useKafka } from './kafka-rig.ts'

const device = 'device-0'
const senders = 20

/** Appends one record after the other, several at once, again and again until the log takes it. */
function startAppends(log: Log) {
  const places = new Map<number, number>()
  const troubles = new Set<string>()
  let number = 0
  let isOver = false
  let partition = -1
  const work = async (): Promise<void> => {
    while (!isOver) {
      const own = number++
      while (!places.has(own)) {
        try {
          const [place] = await log.append([recordOf(device, own)])
          partition = place?.partition ?? -1
          places.set(own, place?.offset ?? -1)
        } catch (error) {
          if (!isCoded(error) || !error.retryable) throw error
          troubles.add(error.code)
          await sleep(100)
        }
      }
    }
  }
  const ended = Promise.all(Array.from({ length: senders }, work))
  return {
    places,
    troubles,
    partition: () => partition,
    async stop(): Promise<void> {
      isOver = true
      await ended
    },
  }
}

/** Number by offset, for all that the log holds. */
async function contentOf(log: Log, partition: number): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  const { first, next } = await log.extent(partition)
  for (let at = first; at < next; ) {
    const records = await log.read(partition, at, 5_000)
    for (const { offset, value } of records) found.set(offset, numberIn(value))
    at = (records.at(-1)?.offset ?? next) + 1
  }
  return found
}

/** Reads on with a follower while things go wrong; begins anew where it was whenever it is told to try again. */
function startFollower(log: Log, partition: number) {
  const stop = new AbortController()
  const offsets: number[] = []
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted)
      try {
        const from = (offsets.at(-1) ?? -1) + 1
        for await (const records of log.follow(partition, from, {
          signal: stop.signal,
          idleMs: 1_000,
          limit: 256,
        }))
          offsets.push(...records.map(({ offset }) => offset))
      } catch (error) {
        if (!isCoded(error) || !error.retryable) throw error
        await sleep(100)
      }
  }
  const ended = follow()
  return {
    offsets,
    async stop(): Promise<void> {
      stop.abort()
      await ended
    },
  }
}

describe.skipIf(!needsKafka.isMet)(`a Kafka that fails ${needsKafka.title}`, () => {
  const kafka = useKafka()

  test.each<[string, () => Promise<void>]>([
    [
      'killed at full speed',
      async () => {
        await kafka().kill('SIGKILL')
        await sleep(1_000)
        await kafka().restart()
      },
    ],
    [
      'hanging for longer than a request may take',
      async () => {
        kafka().pause()
        await sleep(kafkaTimes.answerMs + 3_000)
        kafka().resume()
      },
    ],
  ])('%s loses nothing that was acknowledged', async (_, fail) => {
    const log = await createKafkaLog(logAt(kafka()))
    onTestFinished(() => log.close())
    const appends = startAppends(log)
    await eventually('records are appended', () => appends.places.size > 500)
    const partition = appends.partition()
    const follower = startFollower(log, partition)
    await fail()
    const before = appends.places.size
    await eventually('it goes on', () => appends.places.size > before + 500)
    await appends.stop()
    const content = await contentOf(log, partition)
    for (const [number, offset] of appends.places) expect(content.get(offset)).toBe(number)
    const last = content.size - 1
    expect([...content.keys()]).toEqual(Array.from({ length: content.size }, (_, i) => i))
    await eventually('the follower has seen all of it', () => follower.offsets.at(-1) === last)
    await follower.stop()
    expect(follower.offsets).toEqual([...content.keys()])
  })
})
