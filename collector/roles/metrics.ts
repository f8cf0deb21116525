import type { BridgeState } from '../core/bridge.ts'
import type { SweepCounts } from '../core/retention/sweeper.ts'
import type { RollReport } from '../core/roll.ts'
import type { MetricSample } from './messages.ts'

export const counter = (
  name: string,
  help: string,
  value: number,
  labels?: Record<string, string>,
): MetricSample => ({
  name: `barograph_${name}`,
  type: 'counter',
  help,
  value,
  ...(labels ? { labels } : {}),
})

export const gauge = (
  name: string,
  help: string,
  value: number,
  labels?: Record<string, string>,
): MetricSample => ({
  ...counter(name, help, value, labels),
  type: 'gauge',
})

export function bridgeMetrics(
  { counters, inFlightMessages, inFlightBytes, waiting }: BridgeState,
  receipts: { readonly sent: number; readonly waiting: number },
  connections: number,
): MetricSample[] {
  return [
    counter('bridge_batches_total', 'Batches taken.', counters.batches),
    counter('bridge_entries_total', 'Entries in them.', counters.entries),
    counter('bridge_statuses_total', 'Statuses taken.', counters.statuses),
    counter(
      'bridge_statuses_conflated_total',
      'Of them replaced by a newer one before they were logged.',
      counters.conflated,
    ),
    counter(
      'bridge_batches_quarantined_total',
      'Batches with entries in the future.',
      counters.quarantinedBatches,
    ),
    counter('bridge_payload_bytes_total', 'Bytes of all messages.', counters.payloadBytes),
    ...Object.entries(counters.refused).map(([code, count]) =>
      counter('bridge_refused_total', 'Messages refused, by code.', count, { code }),
    ),
    counter('bridge_records_total', 'Records appended to the log.', counters.records),
    counter('bridge_appends_total', 'Appends to the log, each of many records.', counters.appends),
    counter('bridge_append_seconds_total', 'Time that appends took.', counters.appendMs / 1_000),
    gauge('bridge_append_slowest_seconds', 'The slowest append so far.', counters.slowestAppendMs / 1_000),
    gauge('bridge_in_flight_messages', 'Messages taken and not yet durable.', inFlightMessages),
    gauge('bridge_in_flight_bytes', 'Bytes of them.', inFlightBytes),
    gauge('bridge_waiting_messages', 'Messages that wait because of the limit.', waiting),
    gauge('bridge_connections', 'MQTT connections.', connections),
    counter('receipts_sent_total', 'Receipts sent to devices.', receipts.sent),
    gauge('receipts_waiting', 'Devices with something to hear.', receipts.waiting),
  ]
}

export function rollMetrics(reports: readonly RollReport[]): MetricSample[] {
  return reports.flatMap((report) => {
    const labels = { partition: String(report.partition) }
    return [
      counter('roll_entries_total', 'Entries folded.', report.fresh, labels),
      counter('roll_quarantined_total', 'Entries kept for release.', report.quarantined, labels),
      counter('roll_released_total', 'Entries released from quarantine.', report.released, labels),
      counter('roll_repeats_total', 'Entries that were there already.', report.repeats, labels),
      counter('roll_unreadable_total', 'Records that could not be decoded.', report.unreadable, labels),
      counter(
        'roll_missed_total',
        'Records gone from the log before they were folded.',
        report.missed,
        labels,
      ),
      counter('roll_flushes_total', 'Flushes.', report.flushes, labels),
      gauge('roll_flush_seconds', 'How long the last flush took.', report.flushMs / 1_000, labels),
      gauge('roll_behind_records', 'Records of the log not taken yet.', report.behind, labels),
      gauge('roll_cached_documents', 'Documents in memory.', report.documents, labels),
    ]
  })
}

export function sweepMetrics(counts: SweepCounts): MetricSample[] {
  return [
    counter('retention_expired_total', 'Entries told to expire.', counts.expired),
    counter('retention_buckets_deleted_total', 'Raw buckets deleted.', counts.bucketsDeleted),
    counter('retention_summaries_deleted_total', 'Summaries deleted.', counts.summariesDeleted),
    counter('retention_windows_deleted_total', 'Windows deleted.', counts.windowsDeleted),
    counter('retention_sweeps_total', 'Looks at all that is old.', counts.sweeps),
  ]
}
