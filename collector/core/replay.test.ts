import { describe, expect, test } from 'vitest'
import type { DeadLetter } from './log.ts'
import { replayLetter } from './replay.ts'
import { createMemoryLog } from './testing/memory-log.ts'
import { batchMessage, ofVersion, runOf, statusMessage } from './testing/messages.ts'

const now = Date.UTC(2026, 0, 1)
const good = batchMessage('balcony', { runs: [runOf(1, 3, now - 60_000)] })

function letterOf({ topic, payload }: { topic: string; payload: Uint8Array }): DeadLetter {
  return { id: 1, topic, device: 'balcony', ingestMs: 0, code: 'x', reason: 'y', value: payload }
}

describe('a dead letter', () => {
  test('that passes now is appended to the log, as if it came now', async () => {
    const log = createMemoryLog()
    expect(await replayLetter({ letter: letterOf(good), log, now })).toEqual({ taken: true })
    expect(await log.read(0, 0, 9)).toMatchObject([
      { kind: 'batch', device: 'balcony', ingestMs: now, value: good.payload },
    ])
  })

  test.each([
    ['is still wrong', { ...good, payload: ofVersion(good.payload, 2) }, 'unknown-version'],
    ['was too large to be kept', { ...good, payload: new Uint8Array() }, 'not kept'],
    ['is a status', statusMessage('balcony', 'fine'), 'newer one'],
  ])('that %s is left, with the reason', async (_, message, why) => {
    const log = createMemoryLog()
    const result = await replayLetter({ letter: letterOf(message), log, now })
    expect(result).toMatchObject({ taken: false, why: expect.stringContaining(why) as string })
    expect(await log.extent(0)).toMatchObject({ next: 0 })
  })
})
