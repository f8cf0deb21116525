import {
  customMetric,
  decodeBatch,
  encodeBatch,
  limits,
  makeBatch,
  type Metric,
  metricByName,
} from '@barograph/proto'
import { expect, test } from 'vitest'
import type { BufferedStream, NumberedEntry } from '../buffer.ts'
import { makeRuns } from './runs.ts'

const stream: BufferedStream = {
  sensor: 'attic',
  epoch: '00000000000000aa',
  intervalMs: 1_000,
  historical: false,
  lastSeq: 9,
  rows: [1, 9],
  thinned: [],
  sent: [],
  untimed: [],
  uncertain: [],
  clockErrorMs: 0,
  lost: [],
  endPending: false,
}
const temperature = metricByName('temperature') as Metric
const humidity = metricByName('humidity') as Metric

const entry = (seq: number, values: [Metric, number, number?][]): NumberedEntry => ({
  seq,
  time: 1_000 * seq,
  monotonicMs: 0,
  mark: null,
  values: values.map(([metric, thousandths, flag = 0]) => ({ metric, thousandths, flag })),
})

test('readings, marks, missing values and flags become columns that the wire carries unchanged', () => {
  const runs = makeRuns(stream, [
    { ...entry(3, []), mark: { kind: 'start', code: '', detail: '' } },
    entry(4, [
      [temperature, 20_000],
      [humidity, 50_000],
    ]),
    entry(5, [[humidity, 51_000, 1]]),
    { ...entry(6, []), mark: { kind: 'fault', code: 'no-answer', detail: 'silence' } },
  ])
  const [run] = decodeBatch(encodeBatch(makeBatch('balcony', { runs }))).runs
  expect(run).toMatchObject({ sensor: 'attic', firstSeq: 3, intervalMs: 1_000 })
  expect([...(run?.times ?? [])]).toEqual([3_000, 4_000, 5_000, 6_000])
  expect(run?.marks).toEqual([
    { index: 0, kind: 'start', code: '', detail: '' },
    { index: 3, kind: 'fault', code: 'no-answer', detail: 'silence' },
  ])
  const [first, second] = run?.columns ?? []
  expect([...(first?.values ?? [])]).toEqual([Number.NaN, 20_000, Number.NaN, Number.NaN])
  expect(first?.flags).toBe(null)
  expect([...(second?.values ?? [])]).toEqual([Number.NaN, 50_000, 51_000, Number.NaN])
  expect([...(second?.flags ?? [])]).toEqual([0, 0, 1, 0])
})

test('a hole in the numbers, a metric that changed its unit, and too many metrics each begin a new run', () => {
  const volts = customMetric('supply', 'V', 'level')
  const millivolts = customMetric('supply', 'mV', 'level')
  const split = (entries: NumberedEntry[]): number[][] =>
    makeRuns(stream, entries).map((run) => [run.firstSeq, run.times.length])
  expect(split([entry(1, []), entry(2, []), entry(4, [])])).toEqual([
    [1, 2],
    [4, 1],
  ])
  expect(split([entry(1, [[volts, 1]]), entry(2, [[millivolts, 1_000]])])).toEqual([
    [1, 1],
    [2, 1],
  ])
  const many = (from: number): [Metric, number][] =>
    Array.from({ length: 40 }, (_, i) => [customMetric(`m${from + i}`, 'V', 'level'), i])
  expect(limits.columnsPerRun).toBeLessThan(80)
  expect(split([entry(1, many(0)), entry(2, many(40))])).toEqual([
    [1, 1],
    [2, 1],
  ])
})
