import kafkajs from 'kafkajs'
import { MongoClient } from 'mongodb'
import type { Stack } from '../harness/stack.ts'
import { eventually, sleep } from '../harness/wait.ts'

/** How long records wait in the log until the checkpoint of their partition has passed them: seen from outside. */
export interface Waits {
  /** Resolves when every partition has stored a record that came after this call. */
  untilPassed(): Promise<void>
  /** The longest wait of any record since the last call, ms; one that still waits counts as long as it has. */
  longest(): number
  stop(): Promise<void>
}

interface Partition {
  /** Ends that the log had and the checkpoint has not reached yet, with when they were seen first. */
  waiting: { readonly end: number; readonly at: number }[]
  end: number
  stored: number
}

const everyMs = 100
const limitMs = 300_000

export async function watchWaits({ env }: Stack): Promise<Waits> {
  const { Kafka, logLevel } = kafkajs
  const brokers = [new URL(env.BAROGRAPH_LOG_URL ?? '').host]
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  const client = await new MongoClient(env.BAROGRAPH_STORE_URL ?? '').connect()
  await admin.connect()
  const partitions = new Map<number, Partition>()
  let most = 0
  let isOver = false

  async function look(): Promise<void> {
    const checkpoints = client
      .db()
      .collection<{ partition: number; position: { n: number } }>('checkpoints')
      .find()
      .toArray()
    const ends = await admin.fetchTopicOffsets(`${env.BAROGRAPH_LOG_TOPICPREFIX}.readings`)
    const at = Date.now()
    for (const { partition, high } of ends) {
      const state = partitions.get(partition) ?? { waiting: [], end: 0, stored: 0 }
      partitions.set(partition, state)
      if (Number(high) > state.end) state.waiting.push({ end: Number(high), at })
      state.end = Number(high)
    }
    for (const { partition, position } of await checkpoints) {
      const state = partitions.get(partition)
      if (!state) continue
      state.stored = position.n
      for (const one of state.waiting) most = Math.max(most, at - one.at)
      state.waiting = state.waiting.filter(({ end }) => end > position.n)
    }
  }

  const watching = (async () => {
    while (!isOver) {
      await look()
      await sleep(everyMs)
    }
  })()
  return {
    async untilPassed() {
      const ends = new Map([...partitions].map(([partition, { end }]) => [partition, end]))
      await eventually(
        'every partition moves on',
        () =>
          partitions.size > 0 &&
          [...partitions].every(([partition, { stored }]) => stored > (ends.get(partition) ?? 0)),
        limitMs,
      )
    },
    longest() {
      const value = most
      most = 0
      return value
    },
    async stop() {
      isOver = true
      await watching
      await admin.disconnect()
      await client.close()
    },
  }
}
