/** Which partition a device's records go to: the same on every log, and the same as Kafka's default partitioner. */
export function partitionOf(device: string, partitions: number): number {
  return (murmur2(new TextEncoder().encode(device)) & 0x7fffffff) % partitions
}

/** MurmurHash2 with Kafka's seed (org.apache.kafka.common.utils.Utils.murmur2), as a signed 32-bit integer. */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995
  const length = data.length
  let h = 0x9747b28c ^ length
  const view = new DataView(data.buffer, data.byteOffset, length)
  const whole = length & ~3
  for (let i = 0; i < whole; i += 4) {
    let k = Math.imul(view.getInt32(i, true), m)
    k ^= k >>> 24
    h = Math.imul(h, m) ^ Math.imul(k, m)
  }
  for (let i = length - 1; i >= whole; i--) h ^= (data[i] ?? 0) << (8 * (i - whole))
  if (length > whole) h = Math.imul(h, m)
  h ^= h >>> 13
  h = Math.imul(h, m)
  return h ^ (h >>> 15)
}
