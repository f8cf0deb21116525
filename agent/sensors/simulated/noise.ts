/** 0 <= x < 1 from integers, the same everywhere and for ever. */
export function hashUnit(seed: number, channel: number, index: number): number {
  const low = index | 0
  const high = Math.floor(index / 2 ** 32) | 0
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b)
  for (const word of [channel, low, high]) {
    h = Math.imul(h ^ word, 0xcc9e2d51)
    h ^= h >>> 15
    h = Math.imul(h, 0x1b873593)
    h ^= h >>> 13
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32
}

/** A smooth curve between -1 and 1 that wanders over about `periodMs`. */
export function wander(seed: number, channel: number, timeMs: number, periodMs: number): number {
  const place = timeMs / periodMs
  const index = Math.floor(place)
  const part = place - index
  const ease = part * part * (3 - 2 * part)
  const from = hashUnit(seed, channel, index)
  const to = hashUnit(seed, channel, index + 1)
  return 2 * (from + (to - from) * ease) - 1
}

/** Noise of one moment, about normal, with standard deviation 1. */
export function jitter(seed: number, channel: number, timeMs: number): number {
  const index = Math.floor(timeMs)
  const sum = [0, 1, 2].reduce((total, i) => total + hashUnit(seed, channel + 100 * (i + 1), index), 0)
  return (sum - 1.5) * 2
}
