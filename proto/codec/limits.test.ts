import { describe, expect, test } from 'vitest'
import { type Batch, makeBatch, type Summary } from '../batch.ts'
import { catalogue, customMetric, type Metric } from '../catalogue.ts'
import { isCoded } from '../errors.ts'
import { limits } from '../limits.ts'
import type { RangeSet } from '../ranges.ts'
import {
  batchHead,
  bytes,
  epoch,
  message,
  number,
  repeat,
  run,
  smallBatch,
  smallRun,
} from '../testing/wire.ts'
import { decodeBatch, encodeBatch } from './batch.ts'
import {
  decodeExpire,
  decodeRefusal,
  decodeRelease,
  encodeExpire,
  encodeRefusal,
  encodeRelease,
  type Expire,
  type Release,
} from './log-records.ts'
import { decodeReceipt, encodeReceipt } from './receipt.ts'
import { decodeStatus, encodeStatus, offlineStatus } from './status.ts'

/** The code of the error that decoding ends with; null: it does not. */
function refusal(work: () => unknown): string | null {
  try {
    work()
    return null
  } catch (error) {
    if (isCoded(error)) return error.code
    throw error
  }
}

const stream = { sensor: 'a', epoch }
const roundTrip = (batch: Batch): string | null => refusal(() => decodeBatch(encodeBatch(batch)))
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const manyMetrics = (count: number): Metric[] => many(count, (i) => customMetric(`metric${i}`, 'V', 'level'))
const columnsOf = (metrics: readonly Metric[], count: number) =>
  metrics.map((metric) => ({ metric, values: new Float64Array(count), flags: null }))

function summary(minutes: number, received: number): Summary {
  return {
    ...stream,
    firstSeq: 1,
    lastSeq: minutes * received,
    intervalMs: 1_000,
    minutes: many(minutes, (i) => ({ start: i * 60_000, received, figures: [] })),
  }
}

const figuresOf = (metric: Metric): Summary['minutes'][number]['figures'][number] => ({
  metric,
  count: 0,
  flagged: 0,
  suspect: 0,
  sum: 0,
  sine: 0,
  cosine: 0,
  min: 0,
  minAt: 0,
  max: 0,
  maxAt: 0,
  first: 0,
  firstAt: 0,
  last: 0,
  lastAt: 0,
})
const withFigures = (count: number): Batch =>
  makeBatch('a', {
    summaries: [
      { ...summary(1, 1), minutes: [{ start: 0, received: 1, figures: manyMetrics(count).map(figuresOf) }] },
    ],
  })
const withTimes = (...times: number[]): Batch => smallBatch({ times: Float64Array.from(times), columns: [] })
const withValue = (value: number): Batch =>
  smallBatch({
    times: Float64Array.of(0),
    columns: [{ metric: catalogue[0] as Metric, values: Float64Array.of(value), flags: null }],
  })
const lost = (parts: object): Batch =>
  makeBatch('a', { lost: [{ ...stream, firstSeq: 1, lastSeq: 1, cause: '', ...parts }] })
const withSite = (parts: object): Batch =>
  makeBatch('a', {
    site: {
      version: 1,
      name: '',
      latitude: 0,
      longitude: 0,
      altitudeM: 0,
      timeZone: 'UTC',
      validFrom: 0,
      ...parts,
    },
  })

describe('a batch within the limits is taken, one beyond is refused', () => {
  const entries = (count: number): Batch =>
    smallBatch({ times: Float64Array.from({ length: count }, (_, i) => i * 1_000), columns: [] })
  const runs = (count: number): Batch =>
    makeBatch('a', { runs: many(count, (i) => smallRun({ firstSeq: 1 + 3 * i })) })
  const ended = (count: number): Batch =>
    makeBatch('a', { ended: many(count, () => ({ ...stream, lastSeq: 1 })) })
  const losses = (count: number): Batch =>
    makeBatch('a', { lost: many(count, () => ({ ...stream, firstSeq: 1, lastSeq: 1, cause: '' })) })
  const summaries = (count: number): Batch =>
    makeBatch('a', {
      summaries: many(count, (i) => ({ ...summary(1, 1), firstSeq: i + 1, lastSeq: i + 1 })),
    })
  const hello = (count: number): Batch => makeBatch('a', { hello: many(count, () => stream) })
  const columns = (count: number): Batch => smallBatch({ columns: columnsOf(manyMetrics(count), 3) })
  const { entriesPerBatch, partsPerBatch, columnsPerRun, streamsPerHello, minutesPerSummary } = limits
  const { numbersPerSummary, textCharacters, sequence, intervalMs, earliestTimeMs, latestTimeMs } = limits

  test.each<[string, Batch, Batch, string]>([
    ['entries of a run', entries(entriesPerBatch), entries(entriesPerBatch + 1), 'too-large'],
    ['runs', runs(partsPerBatch), runs(partsPerBatch + 1), 'too-large'],
    ['ends', ended(partsPerBatch), ended(partsPerBatch + 1), 'too-large'],
    ['losses', losses(partsPerBatch), losses(partsPerBatch + 1), 'too-large'],
    ['summaries', summaries(partsPerBatch), summaries(partsPerBatch + 1), 'too-large'],
    ['streams of a hello', hello(streamsPerHello), hello(streamsPerHello + 1), 'too-large'],
    ['columns of a run', columns(columnsPerRun), columns(columnsPerRun + 1), 'too-large'],
    ['figures of a minute', withFigures(columnsPerRun), withFigures(columnsPerRun + 1), 'too-large'],
    [
      'minutes of a summary',
      makeBatch('a', { summaries: [summary(minutesPerSummary, 1)] }),
      makeBatch('a', { summaries: [summary(minutesPerSummary + 1, 1)] }),
      'too-large',
    ],
    [
      'numbers of a summary',
      makeBatch('a', { summaries: [summary(1, numbersPerSummary)] }),
      makeBatch('a', { summaries: [summary(1, numbersPerSummary + 1)] }),
      'too-large',
    ],
    ['a large value', withValue(limits.value - 1), withValue(limits.value), 'value-out-of-bounds'],
    ['a negative value', withValue(1 - limits.value), withValue(-limits.value), 'value-out-of-bounds'],
    ['an early time', withTimes(earliestTimeMs), withTimes(earliestTimeMs - 1), 'time-out-of-bounds'],
    ['a late time', withTimes(latestTimeMs), withTimes(latestTimeMs + 1), 'time-out-of-bounds'],
    [
      'a late time after others',
      withTimes(0, latestTimeMs, 5),
      withTimes(0, latestTimeMs + 1, 5),
      'time-out-of-bounds',
    ],
    ['a number of a lost range', lost({ lastSeq: sequence - 1 }), lost({ lastSeq: sequence }), 'malformed'],
    ['a first number', lost({ firstSeq: 1 }), lost({ firstSeq: 0 }), 'malformed'],
    [
      'the order of a range',
      lost({ firstSeq: 5, lastSeq: 5 }),
      lost({ firstSeq: 6, lastSeq: 5 }),
      'malformed',
    ],
    [
      'the numbers of a run',
      smallBatch({ firstSeq: sequence - 3 }),
      smallBatch({ firstSeq: sequence - 2 }),
      'malformed',
    ],
    [
      'the end of an epoch',
      makeBatch('a', { ended: [{ ...stream, lastSeq: sequence - 1 }] }),
      makeBatch('a', { ended: [{ ...stream, lastSeq: sequence }] }),
      'malformed',
    ],
    ['an interval', smallBatch({ intervalMs }), smallBatch({ intervalMs: intervalMs + 1 }), 'malformed'],
    ['a latitude', withSite({ latitude: -90 }), withSite({ latitude: -90.001 }), 'bad-site'],
    ['a longitude', withSite({ longitude: 180 }), withSite({ longitude: 180.001 }), 'bad-site'],
    ['an altitude', withSite({ altitudeM: -400 }), withSite({ altitudeM: Number.NaN }), 'bad-site'],
    ['a site version', withSite({ version: 1 }), withSite({ version: 0 }), 'bad-site'],
    ['a time zone', withSite({ timeZone: 'Europe/Rome' }), withSite({ timeZone: '+02:00' }), 'bad-site'],
    ['a device id', makeBatch('a'.repeat(63)), makeBatch('a'.repeat(64)), 'bad-id'],
    ['the letters of a device id', makeBatch('a-0'), makeBatch('a/0'), 'bad-id'],
  ])('%s', (_what, within, beyond, code) => {
    expect(roundTrip(within)).toBeNull()
    expect(roundTrip(beyond)).toBe(code)
  })

  test('entries over several runs', () => {
    const half = { times: new Float64Array(entriesPerBatch / 2), columns: [] }
    const two = [smallRun(half), smallRun({ ...half, firstSeq: 100_000 })]
    expect(roundTrip(makeBatch('a', { runs: two }))).toBeNull()
    const one = smallRun({ times: new Float64Array(1), columns: [], firstSeq: 200_000 })
    expect(roundTrip(makeBatch('a', { runs: [...two, one] }))).toBe('too-large')
  })

  test('numbers over several summaries', () => {
    const half = limits.numbersPerSummary / 2
    const two = [0, half].map((at) => ({ ...summary(1, half), firstSeq: at + 1, lastSeq: at + half }))
    expect(roundTrip(makeBatch('a', { summaries: two }))).toBeNull()
    const one = { ...summary(1, 1), firstSeq: 100_000, lastSeq: 100_000 }
    expect(roundTrip(makeBatch('a', { summaries: [...two, one] }))).toBe('too-large')
  })

  test('bytes of a message', () => {
    const head = batchHead()
    const filler = (length: number) => message(head, bytes(999, new Uint8Array(length - head.length - 5)))
    expect(filler(limits.batchBytes)).toHaveLength(limits.batchBytes)
    expect(refusal(() => decodeBatch(filler(limits.batchBytes)))).toBeNull()
    expect(refusal(() => decodeBatch(filler(limits.batchBytes + 1)))).toBe('too-large')
  })

  test('characters of a text', () => {
    const cause = (length: number) =>
      message(
        batchHead(),
        bytes(
          8,
          message(
            bytes(1, 'a'),
            bytes(2, new Uint8Array(8)),
            number(3, 1),
            number(4, 1),
            bytes(5, 'x'.repeat(length)),
          ),
        ),
      )
    expect(refusal(() => decodeBatch(cause(textCharacters)))).toBeNull()
    expect(refusal(() => decodeBatch(cause(textCharacters + 1)))).toBe('too-large')
  })
})

describe('a run that contradicts itself is refused', () => {
  const column = (...fields: Uint8Array[]) => bytes(8, message(number(1, 1), ...fields))
  const steps = (count: number) => bytes(5, new Uint8Array(count))
  const flag = (first: number, count: number, value: number) =>
    bytes(6, message(number(1, first), number(2, count), number(3, value)))
  const mark = (index: number, kind: number, code = '') =>
    bytes(9, message(number(1, index), number(2, kind), bytes(3, code)))
  const decoded = (...fields: Uint8Array[]) => refusal(() => decodeBatch(message(batchHead(), ...fields)))

  test.each<[string, Uint8Array, Uint8Array]>([
    [
      'as many steps of time as entries after the first',
      run(3, bytes(7, new Uint8Array(2))),
      run(3, bytes(7, new Uint8Array(3))),
    ],
    ['no step of time too few', run(3, bytes(7, new Uint8Array(2))), run(3, bytes(7, new Uint8Array(1)))],
    ['as many values as entries', run(3, column(steps(3))), run(3, column(steps(4)))],
    ['no value too few', run(3, column(steps(3))), run(3, column(steps(2)))],
    [
      'as many values as its bitmap says',
      run(3, column(bytes(3, Uint8Array.of(5)), steps(2))),
      run(3, column(bytes(3, Uint8Array.of(5)), steps(3))),
    ],
    [
      'a bitmap of one bit for each entry',
      run(9, column(bytes(3, new Uint8Array(2)))),
      run(9, column(bytes(3, new Uint8Array(1)))),
    ],
    ['a scale up to 6', run(1, column(number(4, 6), steps(1))), run(1, column(number(4, 7), steps(1)))],
    [
      'flags within the run',
      run(3, column(steps(3), flag(2, 1, 1))),
      run(3, column(steps(3), flag(2, 2, 1))),
    ],
    [
      'flags that are there',
      run(3, column(steps(3), flag(0, 1, 1))),
      run(3, column(steps(3), flag(0, 0, 1))),
    ],
    ['flags up to 255', run(3, column(steps(3), flag(0, 1, 255))), run(3, column(steps(3), flag(0, 1, 256)))],
    [
      'flags that ascend',
      run(3, column(steps(3), flag(0, 1, 1), flag(1, 1, 2))),
      run(3, column(steps(3), flag(1, 1, 1), flag(1, 1, 2))),
    ],
    ['each metric once', run(1, column(steps(1))), run(1, column(steps(1)), column(steps(1)))],
    ['marks within the run', run(3, mark(2, 1)), run(3, mark(3, 1))],
    ['marks of a known kind', run(3, mark(0, 3)), run(3, mark(0, 4))],
    ['marks that say what they are', run(3, mark(0, 1)), run(3, mark(0, 0))],
    ['marks that ascend', run(3, mark(0, 1), mark(1, 1)), run(3, mark(1, 1), mark(1, 1))],
    ['codes of up to 40 letters', run(1, mark(0, 1, 'x'.repeat(40))), run(1, mark(0, 1, 'x'.repeat(41)))],
    ['codes for programs', run(1, mark(0, 1, 'bus-gone')), run(1, mark(0, 1, 'Bus gone'))],
    [
      'no value on a mark',
      run(2, mark(0, 1), column(bytes(3, Uint8Array.of(2)), steps(1))),
      run(2, mark(0, 1), column(bytes(3, Uint8Array.of(3)), steps(2))),
    ],
    ['entries', run(1), run(0)],
  ])('it needs %s', (_what, good, bad) => {
    expect(decoded(good)).toBeNull()
    expect(decoded(bad)).toBe('malformed')
  })

  test('a number may occur once in a batch only', () => {
    const two = (gap: number) => makeBatch('a', { runs: [smallRun(), smallRun({ firstSeq: 4 - gap })] })
    expect(roundTrip(two(0))).toBeNull()
    expect(roundTrip(two(1))).toBe('malformed')
    const withSummary = (firstSeq: number) =>
      makeBatch('a', {
        runs: [smallRun()],
        summaries: [{ ...summary(1, 1), sensor: 'bme280', firstSeq, lastSeq: firstSeq }],
      })
    expect(roundTrip(withSummary(4))).toBeNull()
    expect(roundTrip(withSummary(3))).toBe('malformed')
  })

  test('a metric that the catalogue has no number for is named', () => {
    expect(decoded(run(1, bytes(8, message(number(1, 9_999), steps(1)))))).toBe('unknown-metric')
  })

  test('an invalid description of a metric does not find a valid one that was read before', () => {
    const custom = (name: string, unit: string) =>
      run(1, bytes(8, message(bytes(2, message(bytes(1, name), bytes(2, unit))), steps(1))))
    expect(decoded(custom('lamp', 'a b'))).toBeNull()
    expect(decoded(custom('lamp a', 'b'))).toBe('bad-metric')
    expect(decoded(custom('undefined', 'V'))).toBeNull()
    expect(decoded(run(1, bytes(8, message(bytes(2, bytes(2, 'V')), steps(1)))))).toBe('bad-metric')
  })
})

describe('the other messages have limits too', () => {
  const ranges = (count: number): RangeSet => many(2 * count, (i) => 3 * Math.floor(i / 2) + 1 + (i % 2))
  const empty = { ...stream, logged: [], stored: [], lost: [], refused: [], ended: 0 }
  const receipt = (parts: object) =>
    refusal(() =>
      decodeReceipt(encodeReceipt({ collectorTime: 0, siteVersion: 0, streams: [{ ...empty, ...parts }] })),
    )
  const refused = (count: number) => many(count, (i) => ({ firstSeq: i + 1, lastSeq: i + 1, reason: '' }))

  test.each(['logged', 'stored', 'lost'])('ranges of a receipt: %s', (name) => {
    expect(receipt({ [name]: ranges(limits.rangesPerReceipt) })).toBeNull()
    expect(receipt({ [name]: ranges(limits.rangesPerReceipt + 1) })).toBe('too-large')
  })

  test('ranges of a receipt: refused', () => {
    expect(receipt({ refused: refused(limits.rangesPerReceipt) })).toBeNull()
    expect(receipt({ refused: refused(limits.rangesPerReceipt + 1) })).toBe('too-large')
  })

  test('ranges of a receipt ascend and do not touch', () => {
    expect(receipt({ stored: [1, 2, 4, 5] })).toBeNull()
    for (const stored of [[1, 2, 3, 5], [4, 5, 1, 2], [2, 1], [0, 1], [1]])
      expect(receipt({ stored })).toBe('malformed')
  })

  test('streams of a receipt', () => {
    const streams = (count: number) =>
      refusal(() =>
        decodeReceipt(encodeReceipt({ collectorTime: 0, siteVersion: 0, streams: many(count, () => empty) })),
      )
    expect(streams(limits.streamsPerHello)).toBeNull()
    expect(streams(limits.streamsPerHello + 1)).toBe('too-large')
  })

  test('ranges of a refusal', () => {
    const of = (count: number) =>
      refusal(() =>
        decodeRefusal(
          encodeRefusal({
            device: 'a',
            refused: refused(count).map((range) => ({ ...stream, ...range })),
          }),
        ),
      )
    expect(of(limits.partsPerBatch)).toBeNull()
    expect(of(limits.partsPerBatch + 1)).toBe('too-large')
  })

  test('ranges and numbers of a release', () => {
    const of = (...ranges: (readonly [first: number, last: number])[]) => {
      const list: Release['ranges'] = ranges.map(([firstSeq, lastSeq]) => ({ ...stream, firstSeq, lastSeq }))
      return refusal(() =>
        decodeRelease(encodeRelease({ device: 'a', ranges: list, by: 'me', why: 'it is right' })),
      )
    }
    const singles = (count: number) => many(count, (i) => [2 * i + 1, 2 * i + 1] as const)
    expect(of(...singles(limits.partsPerBatch))).toBeNull()
    expect(of(...singles(limits.partsPerBatch + 1))).toBe('too-large')
    expect(of([1, limits.numbersPerOperation])).toBeNull()
    expect(of([1, limits.numbersPerOperation], [9_000, 9_000])).toBe('too-large')
    expect(of([5, 6], [1, 4])).toBeNull()
    expect(of([5, 6], [1, 5])).toBe('malformed')
    expect(of([0, 1])).toBe('malformed')
    expect(of([limits.sequence, limits.sequence])).toBe('malformed')
  })

  test('epochs, ranges, numbers and levels of an expiry', () => {
    const of = (parts: Partial<Expire>) =>
      refusal(() =>
        decodeExpire(encodeExpire({ device: 'a', raw: [], levels: [], known: { g: 0, n: 0 }, ...parts })),
      )
    const epochs = (count: number) =>
      many(count, (i) => ({ sensor: `s${i}`, epoch, ranges: [1, 2] as RangeSet }))
    const raw = (set: RangeSet) => of({ raw: [{ ...stream, ranges: set }] })
    expect(of({ raw: epochs(limits.partsPerBatch) })).toBeNull()
    expect(of({ raw: epochs(limits.partsPerBatch + 1) })).toBe('too-large')
    expect(raw(ranges(limits.partsPerBatch))).toBeNull()
    expect(raw(ranges(limits.partsPerBatch + 1))).toBe('too-large')
    expect(raw([1, limits.numbersPerOperation])).toBeNull()
    expect(raw([1, limits.numbersPerOperation + 1])).toBe('too-large')
    expect(raw([3, 4, 1, 2])).toBe('malformed')
    expect(raw([limits.sequence, limits.sequence])).toBe('malformed')
    expect(of({ raw: [...epochs(1), ...epochs(1)] })).toBe('malformed')
    const levels = (count: number) => many(count, () => ({ sensor: 'a', level: 'hour', before: 0 }))
    expect(of({ levels: levels(limits.partsPerBatch) })).toBeNull()
    expect(of({ levels: levels(limits.partsPerBatch + 1) })).toBe('too-large')
    expect(of({ levels: [{ sensor: 'a', level: 'hour', before: limits.latestTimeMs + 1 }] })).toBe(
      'time-out-of-bounds',
    )
  })

  test('sensors and primary sensors of a status, and its battery', () => {
    const sensor = {
      ...stream,
      type: '',
      intervalMs: 0,
      origin: 'measured' as const,
      accepted: 0,
      backlog: 0,
      fault: null,
    }
    const of = (parts: object) => refusal(() => decodeStatus(encodeStatus({ ...offlineStatus, ...parts })))
    expect(of({ sensors: many(limits.partsPerBatch, () => sensor) })).toBeNull()
    expect(of({ sensors: many(limits.partsPerBatch + 1, () => sensor) })).toBe('too-large')
    const primary = { metric: 'temperature', sensor: 'a' }
    expect(of({ primary: many(limits.columnsPerRun, () => primary) })).toBeNull()
    expect(of({ primary: many(limits.columnsPerRun + 1, () => primary) })).toBe('too-large')
    expect(of({ batteryPercent: 100 })).toBeNull()
    expect(of({ batteryPercent: 101 })).toBe('malformed')
    expect(of({ sensors: [{ ...sensor, accepted: limits.sequence - 1 }] })).toBeNull()
    expect(of({ sensors: [{ ...sensor, accepted: limits.sequence }] })).toBe('malformed')
  })

  test('empty messages are refused by name, not taken for something', () => {
    expect(refusal(() => decodeBatch(new Uint8Array()))).toBe('unknown-version')
    expect(refusal(() => decodeBatch(repeat(number(999, 1), 3)))).toBe('unknown-version')
  })
})
