import type { Summary, SummaryFigures, SummaryMinute } from '../batch.ts'
import { CodedError } from '../errors.ts'
import type { barograph } from '../generated/barograph.js'
import { limits } from '../limits.ts'
import { readNumbers, readStream, writeStream } from './parts.ts'
import { atMost, readMetric, thousandths, time, whole, writeMetric } from './wire.ts'

type WireFigures = barograph.v1.Figures.$Properties

const minuteMs = 60_000

export function readSummary(wire: barograph.v1.Summary.$Properties): Summary {
  atMost(wire.minutes?.length ?? 0, limits.minutesPerSummary, 'minutes')
  const intervalMs = wire.intervalMs ?? 0
  if (intervalMs > limits.intervalMs) throw new CodedError('malformed', `an interval of ${intervalMs} ms`)
  const numbers = readNumbers(wire)
  atMost(numbers.lastSeq - numbers.firstSeq + 1, limits.numbersPerSummary, 'numbers of a summary')
  const minutes = (wire.minutes ?? []).map(readMinute)
  let received = 0
  for (const minute of minutes) received += minute.received
  if (received !== numbers.lastSeq - numbers.firstSeq + 1)
    throw new CodedError(
      'malformed',
      `a summary of ${received} readings for numbers ${numbers.firstSeq} to ${numbers.lastSeq}`,
    )
  for (let i = 1; i < minutes.length; i++)
    if ((minutes[i] as SummaryMinute).start <= (minutes[i - 1] as SummaryMinute).start)
      throw new CodedError('malformed', 'the minutes of a summary ascend')
  return { ...readStream(wire), ...numbers, intervalMs, minutes }
}

export function writeSummary(summary: Summary): barograph.v1.Summary.$Properties {
  return {
    ...writeStream(summary),
    firstSeq: summary.firstSeq,
    lastSeq: summary.lastSeq,
    intervalMs: summary.intervalMs,
    minutes: summary.minutes.map((minute) => ({
      start: minute.start,
      received: minute.received,
      figures: minute.figures.map((figures) => writeFigures(figures, minute.start)),
    })),
  }
}

function readMinute(wire: barograph.v1.Minute.$Properties): SummaryMinute {
  const start = time(wire.start, 'minute')
  if (start % minuteMs !== 0) throw new CodedError('malformed', `a minute that starts at ${start} ms`)
  atMost(wire.figures?.length ?? 0, limits.columnsPerRun, 'figures')
  const received = wire.received ?? 0
  if (received < 1) throw new CodedError('malformed', 'a minute without readings')
  const figures = (wire.figures ?? []).map((one) => readFigures(one, start, received))
  if (new Set(figures.map((one) => one.metric.name)).size < figures.length)
    throw new CodedError('malformed', 'a metric occurs twice in a minute')
  return { start, received, figures }
}

function readFigures(wire: WireFigures, start: number, received: number): SummaryFigures {
  const at = (after: number | null | undefined): number => {
    if ((after ?? 0) >= minuteMs) throw new CodedError('malformed', 'a figure outside its minute')
    return start + (after ?? 0)
  }
  const figures = {
    metric: readMetric(wire),
    count: wire.count ?? 0,
    flagged: wire.flagged ?? 0,
    suspect: wire.suspect ?? 0,
    sum: whole(wire.sum, 'sum'),
    sine: whole(wire.sine, 'sine'),
    cosine: whole(wire.cosine, 'cosine'),
    min: thousandths(wire.min, 'min'),
    minAt: at(wire.minAfter),
    max: thousandths(wire.max, 'max'),
    maxAt: at(wire.maxAfter),
    first: thousandths(wire.first, 'first'),
    firstAt: at(wire.firstAfter),
    last: thousandths(wire.last, 'last'),
    lastAt: at(wire.lastAfter),
  }
  if (
    figures.count + figures.flagged > received ||
    figures.suspect > figures.count ||
    figures.min > figures.max
  )
    throw new CodedError('malformed', `figures of ${figures.metric.name} that contradict each other`)
  return figures
}

function writeFigures(figures: SummaryFigures, start: number): WireFigures {
  const { metric, minAt, maxAt, firstAt, lastAt, ...plain } = figures
  return {
    ...plain,
    ...writeMetric(metric),
    minAfter: minAt - start,
    maxAfter: maxAt - start,
    firstAfter: firstAt - start,
    lastAfter: lastAt - start,
  }
}
