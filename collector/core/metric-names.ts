import { metricByName, metricNameOf } from '@barograph/proto'
import type { ApiMetric } from '@barograph/proto/api'
import type { StreamDocument } from './documents.ts'

/** The name that outsiders know a metric's key by. */
export type MetricNames = (key: string) => string

/**
 * A key's plain name; where a sensor has changed the unit or kind of a custom metric, so that one name has several
 * columns, the whole key.
 */
export function metricNames(keys: Iterable<string>): MetricNames {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(metricNameOf(key), (counts.get(metricNameOf(key)) ?? 0) + 1)
  return (key) => ((counts.get(metricNameOf(key)) ?? 0) > 1 ? key : metricNameOf(key))
}

/** The metrics of a stream, by name. */
export function metricsOf(stream: Pick<StreamDocument, 'metrics'>): Record<string, ApiMetric> {
  const nameOf = metricNames(Object.keys(stream.metrics))
  return Object.fromEntries(
    Object.entries(stream.metrics).map(([key, { unit, kind }]) => {
      const name = metricNameOf(key)
      return [nameOf(key), { label: metricByName(name)?.label ?? name, unit, kind }]
    }),
  )
}
