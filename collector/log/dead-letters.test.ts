import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSqliteDeadLetters } from './dead-letters.ts'
import { createSqliteLog } from './sqlite.ts'

const letterOf = (number: number, device: string | null = null, bytes = 3) => ({
  topic: `barograph/v1/${device ?? 'x'}/up`,
  device,
  ingestMs: number,
  code: number % 2 === 0 ? 'malformed' : 'too-large',
  reason: `letter ${number}`,
  value: new Uint8Array(bytes).fill(number),
})

describe('dead letters in SQLite', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'barograph-letters-'))
    path = join(folder, 'log.db')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('letters are kept as they were, newest first, by pages and by device', async () => {
    const letters = createSqliteDeadLetters({ path })
    await letters.add([letterOf(1, 'a'), letterOf(2), letterOf(3, 'b')])
    await letters.add([letterOf(4, 'a')])
    const all = await letters.list({ limit: 10 })
    expect(all).toMatchObject([letterOf(4, 'a'), letterOf(3, 'b'), letterOf(2), letterOf(1, 'a')])
    const page = await letters.list({ limit: 2, before: all[0]?.id ?? 0 })
    expect(page).toEqual(all.slice(1, 3))
    expect((await letters.list({ limit: 9, device: 'a' })).map((letter) => letter.ingestMs)).toEqual([4, 1])
    expect(await letters.get(all[1]?.id ?? 0)).toEqual(all[1])
    expect(await letters.get(999)).toBeNull()
    await letters.close()
  })

  it('beyond the number kept the oldest go, and the counts still tell all that ever came', async () => {
    const letters = createSqliteDeadLetters({ path, maxLetters: 3 })
    for (let i = 1; i <= 5; i++) await letters.add([letterOf(i)])
    expect((await letters.list({ limit: 10 })).map((letter) => letter.ingestMs)).toEqual([5, 4, 3])
    expect(await letters.counts()).toEqual({ malformed: 2, 'too-large': 3 })
    await letters.close()
  })

  it('beyond the bytes kept the oldest go, and a removed letter makes room', async () => {
    const letters = createSqliteDeadLetters({ path, maxBytes: 100 })
    await letters.add([letterOf(1, 'a', 40), letterOf(2, 'a', 40), letterOf(3, 'a', 40)])
    const [newest] = await letters.list({ limit: 10 })
    expect((await letters.list({ limit: 10 })).map((letter) => letter.ingestMs)).toEqual([3, 2])
    await letters.remove(newest?.id ?? 0)
    await letters.remove(newest?.id ?? 0)
    await letters.add([letterOf(4, 'a', 60)])
    expect((await letters.list({ limit: 10 })).map((letter) => letter.ingestMs)).toEqual([4, 2])
    await letters.close()
  })

  it('an id is never used again, and everything is there after a restart', async () => {
    const letters = createSqliteDeadLetters({ path })
    await letters.add([letterOf(1), letterOf(2)])
    const [second] = await letters.list({ limit: 1 })
    await letters.remove(second?.id ?? 0)
    await letters.close()
    const again = createSqliteDeadLetters({ path })
    await again.add([letterOf(3)])
    const found = await again.list({ limit: 10 })
    expect(found.map((letter) => letter.ingestMs)).toEqual([3, 1])
    expect(found[0]?.id).toBeGreaterThan(second?.id ?? 0)
    await again.close()
  })

  it('they share the file with the log, in either order of opening, and readers see them', async () => {
    const letters = createSqliteDeadLetters({ path })
    const log = createSqliteLog({ path, partitions: 2 })
    await letters.add([letterOf(1)])
    await log.append([
      { device: 'a', kind: 'batch', ingestMs: 1, quarantineAfterMs: null, value: new Uint8Array(1) },
    ])
    const reader = createSqliteDeadLetters({ path, readOnly: true })
    expect(await reader.list({ limit: 5 })).toHaveLength(1)
    await expect(reader.add([letterOf(2)])).rejects.toMatchObject({ code: 'log-read-only' })
    await Promise.all([letters.close(), log.close(), reader.close()])
  })
})
