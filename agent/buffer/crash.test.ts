import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { has, hasAll, intersect, pairs, type RangeSet, rangeOf, sizeOf, union } from '@barograph/proto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteBuffer } from './sqlite.ts'
import { bufferOptions, temporaryFolder } from './testing.ts'

/** Named so that it counts as used. */
const childProgram = fileURLToPath(import.meta.resolve('./crash-child.ts'))

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

/** Lets a child accept until it acknowledged enough, kills it, and resolves to the last number it acknowledged. */
async function acceptAndDie(epoch: string, enough: number): Promise<number> {
  const child = spawn(process.execPath, [childProgram, folder.path, epoch], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    if (Number(text.trimEnd().split('\n').at(-1)) >= enough) child.kill('SIGKILL')
  })
  await new Promise((resolve) => child.once('close', resolve))
  const whole = text.slice(0, text.lastIndexOf('\n'))
  return Number(whole.split('\n').at(-1))
}

test('after kill -9 every acknowledged entry is in the file, with the position that belongs to it', async () => {
  const acknowledged = new Map<string, number>()
  for (let run = 1; run <= 4; run++) {
    const epoch = String(run).padStart(16, '0')
    acknowledged.set(epoch, await acceptAndDie(epoch, 150 * run))
  }
  const buffer = openSqliteBuffer(bufferOptions(folder.path, { epoch: 'ffffffffffffffff' }))
  for (const [epoch, last] of acknowledged) {
    const stream = buffer.streams().find((one) => one.epoch === epoch)
    expect(last).toBeGreaterThan(100)
    expect(hasAll(stream?.rows ?? [], 1, last)).toBe(true)
    // One transaction: numbers without holes up to the declared end, each with its own content.
    expect(stream?.rows).toEqual([1, stream?.lastSeq])
    const rows = stream ? buffer.read(stream, 1, stream.lastSeq) : []
    expect(rows.every(({ seq, time }) => seq === time)).toBe(true)
  }
  const last = buffer.streams().find(({ epoch }) => epoch === '0000000000000004')
  expect(buffer.position('attic')).toBe(last?.lastSeq)
  await buffer.close()
}, 30_000)

test('after kill -9 while it condenses every number is held once, and what was marked as sent is a row', async () => {
  for (let run = 1; run <= 3; run++) {
    const epoch = String(run).padStart(16, '0')
    const child = spawn(process.execPath, [childProgram, folder.path, epoch, 'thin'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      if (text.split('\n').length > 70) child.kill('SIGKILL')
    })
    await new Promise((resolve) => child.once('close', resolve))
    const lines = text.slice(0, text.lastIndexOf('\n')).split('\n')
    const acknowledged = Number(lines.findLast((line) => !line.startsWith('sent')))
    const sent = lines.filter((line) => line.startsWith('sent')).map((line) => Number(line.slice(5)))
    const buffer = openSqliteBuffer(bufferOptions(folder.path, { epoch: `f${epoch.slice(1)}` }))
    const stream = buffer.streams().find((one) => one.epoch === epoch)
    if (!stream) throw new Error('nothing was accepted')
    expect(intersect(stream.rows, stream.thinned)).toEqual([])
    const lost = stream.lost.reduce<RangeSet>(
      (set, one) => union(set, rangeOf(one.firstSeq, one.lastSeq)),
      [],
    )
    expect(union(union(stream.rows, stream.thinned), lost)).toEqual([1, stream.lastSeq])
    expect(stream.lastSeq).toBeGreaterThanOrEqual(acknowledged)
    expect(sizeOf(stream.thinned)).toBeGreaterThan(1_000)
    // Each summary holds what its rows were.
    for (const [first] of pairs(stream.thinned)) {
      const summary = buffer.readSummary(stream, first)
      const [figures] = summary?.minutes[0]?.figures ?? []
      expect(figures?.count).toBe(summary?.minutes[0]?.received)
      expect(figures?.min).toBe(summary?.firstSeq)
    }
    for (const seq of sent) expect(has(stream.thinned, seq)).toBe(false)
    await buffer.close()
  }
}, 60_000)
