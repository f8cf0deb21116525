import { StringDecoder } from 'node:string_decoder'

/** A packet that is larger than allowed, and the topic it was for when that could still be read. */
export interface OversizePacket {
  readonly bytes: number
  readonly topic: string
}

/** Characters of a topic that are read of a packet which is refused anyway. */
const topicBytes = 256
const publishType = 3

type State =
  | { readonly name: 'header' }
  | { readonly name: 'length'; readonly type: number; value: number; factor: number }
  | { readonly name: 'body'; left: number }
  | { readonly name: 'topic'; readonly bytes: number; readonly isPublish: boolean; head: Buffer }

/**
 * Follows the framing of MQTT through the bytes of one connection and finds a packet that announces more than
 * `maxBytes()`, before the parser behind it collects them: the parser itself has no limit.
 */
export function createFrameGuard(maxBytes: () => number): {
  /** The oversize packet, once enough of it is there to name it (`ended`: no more will come). */
  check(chunk: Buffer, ended?: boolean): OversizePacket | null
  /** From here on bytes are not passed to the parser. */
  readonly isOversize: boolean
} {
  let state: State = { name: 'header' }

  return {
    check(chunk, ended = false) {
      let at = 0
      while (at < chunk.length) {
        switch (state.name) {
          case 'header':
            state = { name: 'length', type: (chunk[at++] ?? 0) >> 4, value: 0, factor: 1 }
            break
          case 'length': {
            const byte = chunk[at++] ?? 0
            const length: number = state.value + (byte & 127) * state.factor
            const isLast = byte < 128
            if (!isLast && state.factor < 128 ** 3) {
              state.value = length
              state.factor *= 128
            } else if (length > maxBytes()) {
              const isPublish = state.type === publishType
              state = { name: 'topic', bytes: length, isPublish, head: Buffer.alloc(0) }
            } else state = length === 0 ? { name: 'header' } : { name: 'body', left: length }
            break
          }
          case 'body': {
            const step = Math.min(state.left, chunk.length - at)
            at += step
            state.left -= step
            if (state.left === 0) state = { name: 'header' }
            break
          }
          case 'topic':
            state.head = Buffer.concat([state.head, chunk.subarray(at, at + 2 + topicBytes)])
            at = chunk.length
        }
      }
      return state.name === 'topic' ? oversize(state, ended) : null
    },
    get isOversize() {
      return state.name === 'topic'
    },
  }
}

function oversize(
  { bytes, isPublish, head }: State & { name: 'topic' },
  ended: boolean,
): OversizePacket | null {
  if (!isPublish) return { bytes, topic: '' }
  if (head.length < 2) return ended ? { bytes, topic: '' } : null
  const length = Math.min(head.readUInt16BE(0), topicBytes)
  if (head.length < 2 + length && !ended) return null
  return { bytes, topic: new StringDecoder('utf8').write(head.subarray(2, 2 + length)) }
}
