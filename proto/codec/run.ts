import type { Column, Mark, MarkKind, Run } from '../batch.ts'
import { CodedError } from '../errors.ts'
import type { barograph } from '../generated/barograph.js'
import { limits } from '../limits.ts'
import { readStream, writeStream } from './parts.ts'
import { decodeVarints, encodeVarints } from './varint.ts'
import {
  atMost,
  checkTime,
  cut,
  giveUnknowns,
  keepUnknowns,
  readMetric,
  sequence,
  text,
  time,
  writeMetric,
} from './wire.ts'

type WireRun = barograph.v1.Run.$Properties
type WireColumn = barograph.v1.Column.$Properties

const markKinds: readonly (MarkKind | null)[] = [null, 'fault', 'start', 'stop']
const maxScale = 6

/** A run from the wire; the caller has bounded `count`. */
export function readRun(wire: WireRun): Run {
  const count = wire.count ?? 0
  if (count < 1) throw new CodedError('malformed', 'a run without entries')
  const intervalMs = wire.intervalMs ?? 0
  if (intervalMs > limits.intervalMs) throw new CodedError('malformed', `an interval of ${intervalMs} ms`)
  const firstSeq = sequence(wire.firstSeq, 'first number')
  sequence(firstSeq + count - 1, 'last number')
  atMost(wire.columns?.length ?? 0, limits.columnsPerRun, 'columns')
  atMost(wire.marks?.length ?? 0, count, 'marks')
  const marks = readMarks(wire.marks ?? [], count)
  const columns = (wire.columns ?? []).map((column) => readColumn(column, count, marks))
  if (new Set(columns.map((column) => column.metric.name)).size < columns.length)
    throw new CodedError('malformed', 'a metric occurs twice in a run')
  return {
    ...readStream(wire),
    intervalMs,
    firstSeq,
    times: readTimes(wire, count, intervalMs),
    columns,
    marks,
    ...keepUnknowns(wire),
  }
}

export function writeRun(run: Run): WireRun {
  const count = run.times.length
  return {
    ...writeStream(run),
    intervalMs: run.intervalMs,
    firstSeq: run.firstSeq,
    count,
    firstTime: run.times[0] ?? 0,
    ...writeTimes(run),
    columns: run.columns.map((column) => writeColumn(column, run)),
    marks: run.marks.map((mark) => ({
      index: mark.index,
      kind: markKinds.indexOf(mark.kind),
      code: mark.code,
      detail: cut(mark.detail),
    })),
    ...giveUnknowns(run),
  }
}

function readTimes(wire: WireRun, count: number, intervalMs: number): Float64Array {
  const times = new Float64Array(count)
  let now = time(wire.firstTime, 'first time')
  times[0] = now
  const steps = wire.timeSteps ?? new Uint8Array()
  if (steps.length === 0) {
    for (let i = 1; i < count; i++) times[i] = now += intervalMs
  } else {
    decodeVarints(steps, times.subarray(1))
    for (let i = 1; i < count; i++) {
      now += intervalMs + (times[i] as number)
      // Each step is bounded by 2^53, so a sum out of bounds is caught before it can lose precision.
      checkTime(now, 'time')
      times[i] = now
    }
  }
  checkTime(now, 'time')
  return times
}

function writeTimes({ times, intervalMs }: Run): { timeSteps?: Uint8Array } {
  const steps = new Float64Array(Math.max(0, times.length - 1))
  let regular = true
  for (let i = 1; i < times.length; i++) {
    const step = (times[i] as number) - (times[i - 1] as number) - intervalMs
    steps[i - 1] = step
    if (step !== 0) regular = false
  }
  return regular ? {} : { timeSteps: encodeVarints(steps) }
}

function readMarks(wire: readonly barograph.v1.Mark.$Properties[], count: number): Mark[] {
  let before = -1
  return wire.map((mark) => {
    const kind = markKinds[mark.kind ?? 0]
    const index = mark.index ?? 0
    if (!kind || index <= before || index >= count)
      throw new CodedError('malformed', `mark of kind ${mark.kind} at ${index} of ${count}`)
    before = index
    const code = mark.code ?? ''
    if (!/^[a-z0-9-]{0,40}$/.test(code))
      throw new CodedError('malformed', `fault code "${code.slice(0, 60)}"`)
    return { index, kind, code, detail: text(mark.detail, 'detail') }
  })
}

function readColumn(wire: WireColumn, count: number, marks: readonly Mark[]): Column {
  const metric = readMetric(wire)
  const scale = wire.scale ?? 0
  if (scale > maxScale) throw new CodedError('malformed', `a scale of ${scale}`)
  const present = readPresent(wire.present ?? new Uint8Array(), count, marks)
  const steps = new Float64Array(present.count)
  decodeVarints(wire.steps ?? new Uint8Array(), steps)
  const factor = 10 ** scale
  const values = present.bitmap ? new Float64Array(count).fill(Number.NaN) : steps
  let value = 0
  let at = 0
  for (let i = 0; i < count; i++) {
    if (present.bitmap && !isSet(present.bitmap, i)) continue
    value += (steps[at++] as number) * factor
    if (!(value > -limits.value && value < limits.value))
      throw new CodedError('value-out-of-bounds', `${metric.name} ${value}: below 2^40 thousandths`)
    values[i] = value
  }
  return { metric, values, flags: readFlags(wire.flags ?? [], count), ...keepUnknowns(wire) }
}

const isSet = (bitmap: Uint8Array, i: number): boolean =>
  (((bitmap[i >>> 3] as number) >>> (i & 7)) & 1) === 1

/** Which entries have a value: all of them (bitmap null), all readings, or those of the bitmap. */
function readPresent(
  bitmap: Uint8Array,
  count: number,
  marks: readonly Mark[],
): { bitmap: Uint8Array | null; count: number } {
  if (bitmap.length === 0) {
    if (marks.length === 0) return { bitmap: null, count }
    const readings = new Uint8Array((count + 7) >>> 3).fill(255)
    for (const { index } of marks)
      readings[index >>> 3] = (readings[index >>> 3] as number) & ~(1 << (index & 7))
    return { bitmap: readings, count: count - marks.length }
  }
  if (bitmap.length !== (count + 7) >>> 3)
    throw new CodedError('malformed', `a bitmap of ${bitmap.length} bytes for ${count} entries`)
  for (const { index } of marks)
    if (isSet(bitmap, index)) throw new CodedError('malformed', 'a fault, start or stop with a value')
  let set = 0
  for (let i = 0; i < count; i++) if (isSet(bitmap, i)) set++
  return { bitmap, count: set }
}

function readFlags(wire: readonly barograph.v1.Flagged.$Properties[], count: number): Uint8Array | null {
  if (wire.length === 0) return null
  atMost(wire.length, count, 'flags')
  const flags = new Uint8Array(count)
  let from = 0
  for (const { first, count: length, flag } of wire) {
    const start = first ?? 0
    const end = start + (length ?? 0)
    if (start < from || end > count || end <= start || !flag || flag > 255)
      throw new CodedError('malformed', `flag ${flag} on entries ${start} to ${end} of ${count}`)
    flags.fill(flag, start, end)
    from = end
  }
  return flags
}

function writeColumn(column: Column, run: Run): WireColumn {
  const { values, flags } = column
  const count = values.length
  const numbers = new Float64Array(count)
  let given = 0
  for (let i = 0; i < count; i++) if (!Number.isNaN(values[i])) numbers[given++] = values[i] as number
  const present = given === count - run.marks.length ? null : bitmapOf(values)
  const scale = scaleOf(numbers, given)
  const factor = 10 ** scale
  let before = 0
  for (let i = 0; i < given; i++) {
    const value = (numbers[i] as number) / factor
    numbers[i] = value - before
    before = value
  }
  return {
    ...writeMetric(column.metric),
    ...(present ? { present } : {}),
    scale,
    steps: encodeVarints(numbers.subarray(0, given)),
    flags: flags ? writeFlags(flags) : [],
    ...giveUnknowns(column),
  }
}

function bitmapOf(values: Float64Array): Uint8Array {
  const bitmap = new Uint8Array((values.length + 7) >>> 3)
  for (let i = 0; i < values.length; i++)
    if (!Number.isNaN(values[i])) bitmap[i >>> 3] = (bitmap[i >>> 3] as number) | (1 << (i & 7))
  return bitmap
}

/** The largest power of ten that divides them all: sensors rarely resolve thousandths. */
function scaleOf(numbers: Float64Array, count: number): number {
  let scale = maxScale
  let factor = 10 ** scale
  let allZero = true
  for (let i = 0; i < count && scale > 0; i++) {
    const n = numbers[i] as number
    if (n !== 0) allZero = false
    while (scale > 0 && n % factor !== 0) {
      scale--
      factor /= 10
    }
  }
  return allZero ? 0 : scale
}

function writeFlags(flags: Uint8Array): barograph.v1.Flagged.$Properties[] {
  const runs: { first: number; count: number; flag: number }[] = []
  for (let i = 0; i < flags.length; i++) {
    const flag = flags[i] as number
    if (flag === 0) continue
    const before = runs[runs.length - 1]
    if (before && before.flag === flag && before.first + before.count === i) before.count++
    else runs.push({ first: i, count: 1, flag })
  }
  return runs
}
