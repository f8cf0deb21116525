import { describe, expect, test } from 'vitest'
import { murmur2, partitionOf } from './partition.ts'

describe('the partition of a device', () => {
  // From Apache Kafka's own UtilsTest.testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (text, hash) => {
    expect(murmur2(new TextEncoder().encode(text))).toBe(hash)
  })

  test('hashes a part of a larger array as the part alone', () => {
    const text = new TextEncoder().encode('xxfoobaryy')
    expect(murmur2(text.subarray(2, 8))).toBe(-790332482)
  })

  test('is Kafka’s: the sign bit cleared, modulo the number of partitions', () => {
    expect(partitionOf('foobar', 12)).toBe((-790332482 & 0x7fffffff) % 12)
    expect(partitionOf('abc', 7)).toBe(479470107 % 7)
  })

  test('is one of the partitions there are, and each gets its share', () => {
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 4_000; i++) {
      const partition = partitionOf(`device-${i}`, 4)
      counts[partition] = (counts[partition] ?? Number.NaN) + 1
    }
    expect(counts).toHaveLength(4)
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })
})
