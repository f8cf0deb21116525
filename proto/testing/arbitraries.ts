import fc from 'fast-check'
import type { Batch, Column, Mark, Run, Site, StreamEpoch, Summary, SummaryFigures } from '../batch.ts'
import { catalogue, customMetric, type Kind, type Metric, metricByName } from '../catalogue.ts'
import type { Expire, Refusal, Release, Settings } from '../codec/log-records.ts'
import type { Receipt } from '../codec/receipt.ts'
import type { ClockStatus, Origin, Status } from '../codec/status.ts'
import { limits } from '../limits.ts'
import type { RangeSet } from '../ranges.ts'

const id = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/)
const epoch = fc.stringMatching(/^[0-9a-f]{16}$/)
const word = fc.stringMatching(/^[a-z0-9-]{0,40}$/)
const kind = fc.constantFrom<Kind>('level', 'total', 'direction')
const time = fc.integer({ min: limits.earliestTimeMs, max: limits.latestTimeMs })
const interval = fc.oneof(
  fc.constantFrom(0, 1_000, 10_000, 3_600_000, limits.intervalMs),
  fc.integer({ min: 0, max: limits.intervalMs }),
)
const seq = fc.oneof(
  fc.integer({ min: 1, max: 1_000 }),
  fc.integer({ min: 1, max: limits.sequence - 100_000 }),
)

/** Characters of every kind, but no half of a surrogate pair. */
const words = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength: Math.floor(maxLength / 2) })
const text = words(limits.textCharacters)

/** Without the negative zero, which the wire does not know. */
const plus = (n: number): number => n + 0

/** Any value that the wire takes: small, round, and up to its bound. */
export const value: fc.Arbitrary<number> = fc
  .oneof(
    fc.integer({ min: -300, max: 300 }),
    fc.integer({ min: -1_000_000, max: 1_000_000 }),
    fc
      .tuple(fc.integer({ min: -1_000, max: 1_000 }), fc.integer({ min: 0, max: 9 }))
      .map(([n, scale]) => n * 10 ** scale),
    fc.integer({ min: 1, max: 100 }).map((n) => limits.value - n),
    fc.integer({ min: 1, max: 100 }).map((n) => n - limits.value),
  )
  .map(plus)

/** A metric of the catalogue, or one that it does not know. */
export const metric: fc.Arbitrary<Metric> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...catalogue) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,31}$/).filter((name) => !metricByName(name)),
        fc
          .string({ unit: 'binary', minLength: 1, maxLength: 16 })
          .filter((unit) => /^[^\p{C}]{1,16}$/u.test(unit)),
        kind,
      )
      .map(([name, unit, its]) => customMetric(name, unit, its)),
  },
)

const metrics = (maxLength: number): fc.Arbitrary<Metric[]> =>
  fc.uniqueArray(metric, { maxLength, selector: (one) => one.name })

const streams = (maxLength: number): fc.Arbitrary<StreamEpoch[]> =>
  fc.uniqueArray(fc.record({ sensor: id, epoch }), { maxLength, selector: (s) => s.sensor + s.epoch })

const marksOf = (count: number): fc.Arbitrary<Mark[]> =>
  fc
    .uniqueArray(
      fc.record({
        index: fc.integer({ min: 0, max: count - 1 }),
        kind: fc.constantFrom<Mark['kind']>('fault', 'start', 'stop'),
        code: word,
        detail: text,
      }),
      { maxLength: Math.min(count, 4), selector: (mark) => mark.index },
    )
    .map((marks) => marks.sort((a, b) => a.index - b.index))

const timesOf = (count: number, intervalMs: number): fc.Arbitrary<Float64Array> =>
  fc.oneof(
    // On schedule, with a little jitter, or anywhere in time.
    fc
      .integer({ min: 0, max: 4e12 })
      .map((first) => Float64Array.from({ length: count }, (_, i) => first + i * intervalMs)),
    fc
      .tuple(
        fc.integer({ min: 0, max: 4e12 }),
        fc.array(fc.integer({ min: -90, max: 90 }), { minLength: count, maxLength: count }),
      )
      .map(([first, late]) =>
        Float64Array.from({ length: count }, (_, i) => first + i * intervalMs + (late[i] ?? 0)),
      ),
    fc.array(time, { minLength: count, maxLength: count }).map((list) => Float64Array.from(list, plus)),
  )

function columnOf(count: number, marks: readonly Mark[], one: Metric): fc.Arbitrary<Column> {
  const missing = fc.constantFrom(0, 30, 100)
  const numbers = fc.array(fc.tuple(value, fc.nat(99)), { minLength: count, maxLength: count })
  const flags = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 255 }) },
    ),
    { minLength: count, maxLength: count },
  )
  return fc.tuple(missing, numbers, flags).map(([rate, list, its]) => {
    const isMark = new Set(marks.map((mark) => mark.index))
    return {
      metric: one,
      values: Float64Array.from(list, ([n, chance], i) => (isMark.has(i) || chance < rate ? Number.NaN : n)),
      flags: its.some((flag) => flag > 0) ? Uint8Array.from(its) : null,
    }
  })
}

const runOf = (stream: StreamEpoch, firstSeq: number): fc.Arbitrary<Run> =>
  fc.tuple(fc.integer({ min: 1, max: 20 }), interval).chain(([count, intervalMs]) =>
    fc.tuple(marksOf(count), metrics(4)).chain(([marks, its]) =>
      fc.record({
        sensor: fc.constant(stream.sensor),
        epoch: fc.constant(stream.epoch),
        intervalMs: fc.constant(intervalMs),
        firstSeq: fc.constant(firstSeq),
        times: timesOf(count, intervalMs),
        columns: fc.tuple(...its.map((one) => columnOf(count, marks, one))),
        marks: fc.constant(marks),
      }),
    ),
  )

const figuresOf = (start: number, received: number): fc.Arbitrary<SummaryFigures[]> =>
  metrics(4).chain((its) =>
    fc.tuple(
      ...its.map((one) =>
        fc
          .record({
            counts: fc.array(fc.integer({ min: 0, max: received }), { minLength: 3, maxLength: 3 }),
            sums: fc.array(fc.maxSafeInteger(), { minLength: 3, maxLength: 3 }),
            values: fc.array(value, { minLength: 4, maxLength: 4 }),
            after: fc.array(fc.integer({ min: 0, max: 59_999 }), { minLength: 4, maxLength: 4 }),
          })
          .map(({ counts, sums, values, after }): SummaryFigures => {
            const [suspect, count, all] = counts.sort((a, b) => a - b) as [number, number, number]
            const [sum, sine, cosine] = sums.map(plus) as [number, number, number]
            const [min, max, first, last] = values as [number, number, number, number]
            const [minAt, maxAt, firstAt, lastAt] = after.map((ms) => start + ms) as [
              number,
              number,
              number,
              number,
            ]
            return {
              metric: one,
              count,
              flagged: all - count,
              suspect,
              sum,
              sine,
              cosine,
              min: Math.min(min, max),
              minAt,
              max: Math.max(min, max),
              maxAt,
              first,
              firstAt,
              last,
              lastAt,
            }
          }),
      ),
    ),
  )

const summaryOf = (stream: StreamEpoch, firstSeq: number): fc.Arbitrary<Summary> =>
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: -1_000_000, max: 60_000_000 }), { minLength: 1, maxLength: 4 }),
      interval,
    )
    .chain(([minutes, intervalMs]) =>
      fc
        .tuple(
          ...minutes
            .sort((a, b) => a - b)
            .map((minute) =>
              fc.integer({ min: 1, max: 60 }).chain((received) =>
                fc.record({
                  start: fc.constant(plus(minute * 60_000)),
                  received: fc.constant(received),
                  figures: figuresOf(minute * 60_000, received),
                }),
              ),
            ),
        )
        .map((list) => ({
          ...stream,
          firstSeq,
          lastSeq: firstSeq + list.reduce((sum, minute) => sum + minute.received, 0) - 1,
          intervalMs,
          minutes: list,
        })),
    )

const numbers = fc
  .tuple(seq, fc.integer({ min: 0, max: 50_000 }))
  .map(([firstSeq, more]) => ({ firstSeq, lastSeq: firstSeq + more }))

const timeToken = fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { nil: undefined })

const site: fc.Arbitrary<Site> = fc.record({
  version: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  name: text,
  latitude: fc.double({ min: -90, max: 90, noNaN: true }).map(plus),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }).map(plus),
  altitudeM: fc.double({ noNaN: true, noDefaultInfinity: true }).map(plus),
  timeZone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
  validFrom: time.map(plus),
})

/** Any batch that a device may send. Its runs and summaries never share a number. */
export const batch: fc.Arbitrary<Batch> = streams(3).chain((list) =>
  fc.record({
    device: id,
    siteVersion: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    clock: fc.constantFrom<Batch['clock']>('synced', 'uncertain', 'historical'),
    clockErrorMs: fc.maxSafeNat(),
    runs: fc
      .tuple(
        ...list.map((stream) =>
          seq.chain((first) => fc.tuple(runOf(stream, first), runOf(stream, first + 20))),
        ),
      )
      .map((couples) => couples.flat()),
    summaries: fc.tuple(...list.map((stream) => seq.chain((first) => summaryOf(apart(stream), first)))),
    ended: fc.array(
      fc.record({ sensor: id, epoch, lastSeq: fc.integer({ min: 0, max: limits.sequence - 1 }) }),
      { maxLength: 3 },
    ),
    lost: fc.array(
      fc.record({ sensor: id, epoch, numbers, cause: text }).map(({ numbers: range, ...rest }) => ({
        ...rest,
        ...range,
      })),
      { maxLength: 3 },
    ),
    site: fc.option(site, { nil: null }),
    hello: fc.option(streams(4), { nil: null }),
    timeToken,
  }),
)

/** Another epoch, so that a summary's numbers are not those of a run. */
const apart = ({ sensor, epoch: its }: StreamEpoch): StreamEpoch => ({
  sensor,
  epoch: (its.startsWith('0') ? 'f' : '0') + its.slice(1),
})

const sensorStatus = fc.record({
  sensor: id,
  type: text,
  intervalMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  origin: fc.constantFrom<Origin>('measured', 'modelled', 'simulated', 'replayed'),
  epoch,
  accepted: fc.integer({ min: 0, max: limits.sequence - 1 }),
  backlog: fc.maxSafeNat(),
  fault: fc.option(
    fc.record({ code: text.filter((code) => code !== ''), detail: text, since: time.map(plus) }),
    { nil: null },
  ),
})

export const status: fc.Arbitrary<Status> = fc.record({
  online: fc.boolean(),
  time: time.map(plus),
  agentVersion: text,
  location: text,
  state: text,
  batteryPercent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: null }),
  sensors: fc.array(sensorStatus, { maxLength: 4 }),
  primary: fc.array(fc.record({ metric: text, sensor: id }), { maxLength: 4 }),
  clock: fc.option(
    fc.record({
      source: fc.constantFrom<ClockStatus['source']>('none', 'system', 'collector'),
      errorMs: fc.maxSafeNat(),
      offMs: fc.maxSafeInteger().map(plus),
    }),
    { nil: undefined },
  ),
})

const rangeSet: fc.Arbitrary<RangeSet> = fc
  .tuple(
    fc.integer({ min: 1, max: 2 ** 47 }),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 2, max: 300 })), {
      maxLength: limits.rangesPerReceipt,
    }),
  )
  .map(([start, steps]) => {
    let next = start
    return steps.flatMap(([length, gap]) => {
      const range = [next, next + length]
      next += length + gap
      return range
    })
  })

/** Numbers of a few buckets. */
const shortSet: fc.Arbitrary<RangeSet> = fc
  .tuple(seq, fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }))
  .map(([start, lengths]) => {
    let next = start
    return lengths.flatMap((length) => {
      const range = [next, next + length]
      next += length + 256
      return range
    })
  })

const refusedRanges = fc.array(
  fc.tuple(numbers, text).map(([range, reason]) => ({ ...range, reason })),
  { maxLength: 4 },
)

export const receipt: fc.Arbitrary<Receipt> = fc.record({
  collectorTime: time.map(plus),
  siteVersion: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  streams: fc.array(
    fc.record({
      sensor: id,
      epoch,
      logged: rangeSet,
      stored: rangeSet,
      lost: rangeSet,
      refused: refusedRanges,
      ended: fc.integer({ min: 0, max: limits.sequence }),
    }),
    { maxLength: 4 },
  ),
  timeToken,
})

export const refusal: fc.Arbitrary<Refusal> = fc.record({
  device: id,
  refused: fc.array(
    fc.tuple(id, epoch, numbers, text).map(([sensor, its, range, reason]) => ({
      sensor,
      epoch: its,
      ...range,
      reason,
    })),
    { maxLength: 4 },
  ),
})

export const settings: fc.Arbitrary<Settings> = fc.record({
  defaultTimeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'),
  levels: fc.subarray(['10s', '1m', 'hour', 'day', 'week', 'month', 'year']),
})

export const release: fc.Arbitrary<Release> = fc.record({
  device: id,
  ranges: fc.uniqueArray(
    fc
      .tuple(id, epoch, seq, fc.integer({ min: 0, max: 2_000 }))
      .map(([sensor, its, first, more]) => ({ sensor, epoch: its, firstSeq: first, lastSeq: first + more })),
    { maxLength: 4, selector: (range) => range.sensor + range.epoch },
  ),
  by: text,
  why: text,
})

export const expire: fc.Arbitrary<Expire> = fc.record({
  device: id,
  raw: streams(2).chain((list) =>
    fc.tuple(...list.map((stream) => shortSet.map((ranges) => ({ ...stream, ranges })))),
  ),
  levels: fc.array(
    fc.record({ sensor: id, level: fc.constantFrom('10s', '1m', 'hour', 'year'), before: time.map(plus) }),
    { maxLength: 4 },
  ),
  known: fc.record({ g: fc.nat(), n: fc.nat() }),
})
