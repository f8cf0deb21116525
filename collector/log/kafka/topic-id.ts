import { CodedError } from '@barograph/proto'
import type { Broker } from 'kafkajs'

/** Metadata, the first version that tells the id of a topic; Kafka has it since 2.8. */
const metadata = { apiKey: 3, apiVersion: 10, apiName: 'Metadata' } as const
const unknownTopic = 3

/** The part of a broker that kafkajs does not type: it sends whatever has this shape. */
interface Sender {
  readonly connectionPool: {
    send<T>(exchange: {
      readonly request: typeof metadata & { encode(): Promise<{ buf: Buffer; buffer: Buffer }> }
      readonly response: { decode(answer: Buffer): Promise<T>; parse(answer: T): Promise<T> }
    }): Promise<T>
  }
}

interface Answer {
  readonly clientSideThrottleTime: number
  readonly errorCode: number
  readonly id: string
}

/**
 * The id that Kafka gave this topic when it was made: one that is deleted and made anew has another. null: there is none.
 * kafkajs speaks only older versions of this request.
 */
export async function readTopicId(broker: Broker, topic: string): Promise<string | null> {
  const { errorCode, id } = await (broker as unknown as Sender).connectionPool.send({
    request: { ...metadata, encode: async () => encoded(requestOf(topic)) },
    response: { decode: async (answer) => readAnswer(answer), parse: async (answer: Answer) => answer },
  })
  if (errorCode === unknownTopic) return null
  if (errorCode !== 0)
    throw new CodedError(
      'log-unreachable',
      `Kafka does not tell the id of topic ${topic} (error ${errorCode}).`,
      {
        retryable: true,
      },
    )
  return id
}

/** As the encoder of kafkajs appends it to the head of a request. */
const encoded = (buffer: Buffer) => ({ buf: buffer, buffer })

/** Compact strings and arrays begin with their length and one more; each structure ends with its count of tags: none. */
function requestOf(topic: string): Buffer {
  const name = Buffer.from(topic)
  const noTags = 0
  const [allowCreation, clusterOperations, topicOperations] = [0, 0, 0]
  return Buffer.from([
    noTags,
    ...unsigned(2),
    ...new Array<number>(16).fill(0),
    ...unsigned(name.byteLength + 1),
    ...name,
    noTags,
    allowCreation,
    clusterOperations,
    topicOperations,
    noTags,
  ])
}

function readAnswer(answer: Buffer): Answer {
  const reader = createReader(answer)
  reader.skipTags()
  const clientSideThrottleTime = reader.int32()
  for (let brokers = reader.count(); brokers > 0; brokers--) {
    reader.skip(4)
    reader.skipText()
    reader.skip(4)
    reader.skipText()
    reader.skipTags()
  }
  reader.skipText()
  reader.skip(4)
  reader.count()
  const errorCode = reader.int16()
  reader.skipText()
  return { clientSideThrottleTime, errorCode, id: reader.bytes(16).toString('base64url') }
}

function createReader(buffer: Buffer) {
  let at = 0
  const take = (length: number): number => {
    at += length
    return at - length
  }
  const varint = (): number => {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = buffer.readUInt8(take(1))
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const count = (): number => varint() - 1
  return {
    int16: () => buffer.readInt16BE(take(2)),
    int32: () => buffer.readInt32BE(take(4)),
    bytes: (length: number) => buffer.subarray(take(length), at),
    skip: (length: number): void => void take(length),
    count,
    /** A text that is null has a length of -1. */
    skipText: (): void => void take(Math.max(0, count())),
    skipTags(): void {
      for (let tags = varint(); tags > 0; tags--) {
        varint()
        take(varint())
      }
    },
  }
}

function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}
