const start = 0x811c9dc5

/**
 * 32 bits over the numbers and bytes of a row. SQLite proves the structure of its pages, not what stands in them: a byte
 * that a dying card turned would be sent as another value, under another number or at another time.
 */
export function checksum(numbers: readonly number[], bytes: Uint8Array): number {
  let hash = start
  for (const number of numbers) hash = mixNumber(hash, number)
  return end(hash, bytes)
}

/** The same for an entry: it is made for every row, so it makes no list. */
export function entryChecksum(
  stream: number,
  seq: number,
  monotonic: number,
  wall: number,
  synced: number,
  payload: Uint8Array,
): number {
  const place = mixNumber(mixNumber(start, stream), seq)
  return end(mixNumber(mixNumber(mix(place, synced), monotonic), wall), payload)
}

function end(before: number, bytes: Uint8Array): number {
  let hash = before
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  hash = mix(hash, bytes.length)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

const mixNumber = (hash: number, number: number): number =>
  mix(mix(hash, number | 0), Math.floor(number / 2 ** 32) | 0)

/** Each step can be undone, so that a single change of its input never disappears. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0xcc9e2d51)
  return (mixed << 15) | (mixed >>> 17)
}
