import { join } from 'node:path'
import { pairs } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { openSqliteBuffer } from '../agent/buffer/sqlite.ts'
import { bufferOptions } from '../agent/buffer/testing.ts'
import type { Buffer, Entry } from '../agent/core/buffer.ts'
import { createFakeClock, type FakeClock } from '../agent/core/fake-clock.ts'
import { smallDisk } from './harness/small-disk.ts'
import { needsSmallDisk } from './needs.ts'

/** Some two hundred bytes each. */
const entries = (count: number, from: number): Entry[] =>
  Array.from({ length: count }, (_, i) => ({
    time: 1_763_700_000_000 + 1_000 * (from + i),
    monotonicMs: from + i,
    values: [],
    mark: { kind: 'fault', code: 'no-answer', detail: `silence ${from + i} `.padEnd(190, '.') },
  }))

function openOn(folder: string, clock: FakeClock, epoch = '00000000000000aa'): Buffer {
  const buffer = openSqliteBuffer(bufferOptions(folder, { clock, epoch, path: join(folder, 'buffer.db') }))
  buffer.register('attic', { intervalMs: 1_000, historical: false })
  return buffer
}

async function accept(buffer: Buffer, clock: FakeClock, count: number, from: number): Promise<void> {
  await Promise.all([buffer.accept({ sensor: 'attic', entries: entries(count, from) }), clock.pass(250)])
}

/** What is in the file is what was accepted, each under its number. */
function expectWhole(buffer: Buffer, epoch: string, count: number): void {
  const stream = buffer.streams().find((one) => one.epoch === epoch)
  expect(stream?.rows).toEqual([1, count])
  for (const [first, last] of pairs(stream?.rows ?? []))
    for (const { seq, monotonicMs } of buffer.read(stream as NonNullable<typeof stream>, first, last))
      expect(monotonicMs).toBe(seq - 1)
}

describe.skipIf(!needsSmallDisk.isMet)(`the agent's buffer and its disk ${needsSmallDisk.title}`, () => {
  test('on a full disk sampling goes on in memory, what waits is told, and all of it is there afterwards', async () => {
    const disk = smallDisk(16)
    const clock = createFakeClock()
    const buffer = openOn(disk.path, clock)
    await accept(buffer, clock, 100, 0)
    disk.fill(0)
    const waiting = Array.from({ length: 60 }, (_, i) =>
      buffer.accept({ sensor: 'attic', entries: entries(300, 100 + 300 * i) }),
    )
    await clock.pass(15_000)
    expect(buffer.trouble).toMatchObject({
      code: 'disk-full',
      detail: expect.stringMatching(/\d+ entries of 1\d s wait in memory, which a power cut would cost/),
    })
    await expect(buffer.accept({ sensor: 'attic', entries: entries(3_000, 0) })).rejects.toMatchObject({
      code: 'buffer-busy',
      retryable: true,
    })
    disk.free()
    await clock.pass(5_000)
    await Promise.all(waiting)
    expect(buffer.trouble).toBe(null)
    expectWhole(buffer, '00000000000000aa', 18_100)
    await buffer.close()
    const again = openOn(disk.path, clock, '00000000000000bb')
    expectWhole(again, '00000000000000aa', 18_100)
    await again.close()
  })

  test('on a disk that takes nothing, what is there can still be marked as sent and read', async () => {
    const disk = smallDisk(16)
    const clock = createFakeClock()
    const buffer = openOn(disk.path, clock)
    await accept(buffer, clock, 100, 0)
    disk.fill(0)
    const taken = buffer.accept({ sensor: 'attic', entries: entries(3_000, 100) })
    await clock.pass(2_000)
    expect(buffer.trouble?.code).toBe('disk-full')
    const [stream] = buffer.streams()
    if (!stream) throw new Error('nothing was accepted')
    buffer.markSent(stream, [1, 50])
    expect(stream.sent).toEqual([1, 50])
    expect(buffer.read(stream, 1, 50)).toHaveLength(50)
    disk.free()
    await clock.pass(3_000)
    await taken
    expectWhole(buffer, '00000000000000aa', 3_100)
    await buffer.close()
  })
})
