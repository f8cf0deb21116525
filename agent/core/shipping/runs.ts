import { type Column, limits, type Mark, type Metric, metricKey, type Run } from '@barograph/proto'
import type { BufferedStream, NumberedEntry } from '../buffer.ts'

/** Entries of one stream, consecutive and ascending, as runs: one, or more where their metrics do not fit one run. */
export function makeRuns(stream: BufferedStream, entries: readonly NumberedEntry[]): Run[] {
  const runs: Run[] = []
  let from = 0
  let metrics = new Map<string, Metric>()
  for (let i = 0; i < entries.length; i++) {
    const together = withMetricsOf(metrics, entries[i] as NumberedEntry)
    const follows = i === from || entries[i]?.seq === (entries[i - 1]?.seq ?? 0) + 1
    if (together && follows) {
      metrics = together
      continue
    }
    runs.push(makeRun(stream, entries.slice(from, i), metrics))
    from = i
    metrics = withMetricsOf(new Map(), entries[i] as NumberedEntry) ?? new Map()
  }
  if (entries.length > from) runs.push(makeRun(stream, entries.slice(from), metrics))
  return runs
}

/** The metrics with those of one more entry; null: they do not fit one run. */
function withMetricsOf(metrics: Map<string, Metric>, entry: NumberedEntry): Map<string, Metric> | null {
  let grown = metrics
  for (const { metric } of entry.values) {
    const before = grown.get(metric.name)
    if (before === metric) continue
    if (before) {
      if (metricKey(before) !== metricKey(metric)) return null
      continue
    }
    if (grown === metrics) grown = new Map(metrics)
    grown.set(metric.name, metric)
  }
  return grown.size > limits.columnsPerRun ? null : grown
}

function makeRun(
  stream: BufferedStream,
  entries: readonly NumberedEntry[],
  metrics: ReadonlyMap<string, Metric>,
): Run {
  const count = entries.length
  const columns = new Map<string, { metric: Metric; values: Float64Array; flags: Uint8Array | null }>()
  for (const [name, metric] of metrics)
    columns.set(name, { metric, values: new Float64Array(count).fill(Number.NaN), flags: null })
  const marks: Mark[] = []
  const times = new Float64Array(count)
  entries.forEach((entry, index) => {
    times[index] = entry.time
    if (entry.mark) marks.push({ index, ...entry.mark })
    for (const { metric, thousandths, flag } of entry.values) {
      const column = columns.get(metric.name)
      if (!column) continue
      column.values[index] = thousandths
      if (flag) {
        column.flags ??= new Uint8Array(count)
        column.flags[index] = flag
      }
    }
  })
  return {
    sensor: stream.sensor,
    epoch: stream.epoch,
    intervalMs: stream.intervalMs,
    firstSeq: entries[0]?.seq ?? 0,
    times,
    columns: [...columns.values()] satisfies Column[],
    marks,
  }
}
