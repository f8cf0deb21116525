import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { makeBatch } from '../batch.ts'
import { catalogue, type Metric } from '../catalogue.ts'
import { limits } from '../limits.ts'
import { epoch, smallRun } from '../testing/wire.ts'
import { encodeBatch } from './batch.ts'
import { encodeReceipt } from './receipt.ts'

const ours = readFileSync(new URL('../barograph.proto', import.meta.url), 'utf8')

/** The same file as another library may declare it: numbers where we say bytes. */
const theirs = ours
  .replace('bytes time_steps = 7;', 'repeated sint64 time_steps = 7 [packed = true];')
  .replace('bytes steps = 5;', 'repeated sint64 steps = 5 [packed = true];')
const root = protobuf.parse(theirs, { keepCase: true }).root

function read(name: string, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(`barograph.v1.${name}`)
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true, defaults: true })
}

const numbersIn = (value: unknown): number[] => {
  if (!Array.isArray(value)) throw new Error('no list')
  return value.map(Number)
}
const messagesIn = (value: unknown): Record<string, unknown>[] => {
  if (!Array.isArray(value)) throw new Error('no list')
  return value
}

/** Running sums: what steps mean. */
const sums = (steps: readonly number[], extra = 0): number[] => {
  let sum = 0
  return steps.map((step) => (sum += step + extra))
}

describe('another protobuf library', () => {
  test('is given the fields that it may declare as packed numbers', () => {
    expect(theirs.match(/repeated sint64 \w+ = \d+ \[packed = true\]/g)).toHaveLength(2)
  })

  test('reads the same times and values as we wrote', () => {
    const count = 12
    const intervalMs = 10_000
    const times = Float64Array.from(
      { length: count },
      (_, i) => 1_700_000_000_000 + i * intervalMs + ((i * 7919) % 90) - 45,
    )
    times[5] = -3_000_000_000 // long before, and in another order
    const columns = [
      Float64Array.from({ length: count }, (_, i) => 21_000 + 10 * ((i * 31) % 17)),
      Float64Array.from({ length: count }, (_, i) => (i % 2 ? -1 : 1) * (limits.value - 1 - i)),
      Float64Array.from({ length: count }, (_, i) => -1_000_000 * (i + 1)),
    ].map((values, i) => ({ metric: catalogue[i] as Metric, values, flags: null }))
    const bytes = encodeBatch(
      makeBatch('balcony', { runs: [smallRun({ times, intervalMs, columns, firstSeq: 2 ** 47 })] }),
    )
    const batch = read('Batch', bytes)
    const [run] = messagesIn(batch.runs)
    expect(batch.device).toBe('balcony')
    expect(run?.first_seq).toBe(2 ** 47)
    expect(Buffer.from(run?.epoch as Uint8Array).toString('hex')).toBe(epoch)
    expect(sums([Number(run?.first_time) - intervalMs, ...numbersIn(run?.time_steps)], intervalMs)).toEqual([
      ...times,
    ])
    const read3 = messagesIn(run?.columns).map((column) =>
      sums(numbersIn(column.steps)).map((n) => n * 10 ** Number(column.scale)),
    )
    expect(read3).toEqual(columns.map((column) => [...column.values]))
    expect(messagesIn(run?.columns).map((column) => column.scale)).toEqual([1, 0, 6])
  })

  test('reads the sets of a receipt', () => {
    const stream = { sensor: 'a', epoch, logged: [1, 5], stored: [7, 7, 9, 2 ** 40], lost: [], refused: [] }
    const bytes = encodeReceipt({ collectorTime: 5, siteVersion: 1, streams: [{ ...stream, ended: 8 }] })
    const [read1] = messagesIn(read('Receipt', bytes).streams)
    expect([read1?.logged, read1?.stored, read1?.ended]).toEqual([[1, 5], [7, 7, 9, 2 ** 40], 8])
  })
})
