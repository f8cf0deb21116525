import type { Admin } from 'kafkajs'
import type { KafkaClient } from './client.ts'
import { answerOf, explain, missingTopic } from './failure.ts'
import { kafkaTimes } from './place.ts'
import { createTopic, type TopicWish, verifyTopic } from './topics.ts'

/** Runs something with an admin of kafkajs, which is closed again. */
export async function withAdmin<T>({ kafka }: KafkaClient, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin()
  try {
    await admin.connect()
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** The topic is there and as it has to be; `makes`: it is made when it is not. */
export async function openTopic(client: KafkaClient, wish: TopicWish, makes: boolean): Promise<void> {
  const { place } = client
  try {
    await withAdmin(client, async (admin) => {
      if (makes) await createTopic(admin, wish)
      await untilKnown(makes, () => verifyTopic(admin, wish, place.brokers))
    })
  } catch (error) {
    throw answerOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION'
      ? missingTopic(wish.name)
      : explain(error, place, true)
  }
}

/** Is there a topic of that name, as far as we may see? */
export async function hasTopic(client: KafkaClient, name: string): Promise<boolean> {
  try {
    return await withAdmin(client, async (admin) => (await admin.listTopics()).includes(name))
  } catch (error) {
    throw explain(error, client.place, true)
  }
}

/** A topic that was made is known to all brokers only a moment later. */
async function untilKnown<T>(isMade: boolean, look: () => Promise<T>): Promise<T> {
  const giveUpAtMs = performance.now() + (isMade ? kafkaTimes.answerMs : 0)
  for (;;) {
    try {
      return await look()
    } catch (error) {
      if (answerOf(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || performance.now() > giveUpAtMs) throw error
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    }
  }
}

const lookAgainMs = 50
