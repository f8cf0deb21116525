import type { MetricSample } from './context.ts'

/** Prometheus' text format, version 0.0.4. Samples of one name stand together under one HELP and TYPE. */
export function writeMetrics(samples: readonly MetricSample[]): string {
  const lines: string[] = []
  for (const [name, family] of Map.groupBy(samples, (sample) => sample.name)) {
    const [first] = family
    lines.push(`# HELP ${name} ${escapeHelp(first?.help ?? '')}`, `# TYPE ${name} ${first?.type ?? 'gauge'}`)
    for (const { labels, value } of family) lines.push(`${name}${writeLabels(labels)} ${writeValue(value)}`)
  }
  return `${lines.join('\n')}\n`
}

function writeLabels(labels: MetricSample['labels']): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function writeValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')
