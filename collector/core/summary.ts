import { metricKey, type Summary } from '@barograph/proto'
import type { Position, SummaryDocument } from './documents.ts'
import { figuresOfSummary } from './figures.ts'
import { summaryId } from './identity.ts'

/** What the store keeps of a summary: written once, for recomputation. */
export function summaryDocument(device: string, summary: Summary, o: Position): SummaryDocument {
  const { sensor, epoch, firstSeq, lastSeq, intervalMs } = summary
  const minutes = summary.minutes.map(({ start, received, figures }) => ({
    start,
    received,
    metrics: Object.fromEntries(figures.map((one) => [metricKey(one.metric), figuresOfSummary(one)])),
  }))
  return {
    id: summaryId(device, summary, firstSeq),
    o,
    device,
    sensor,
    epoch,
    firstSeq,
    lastSeq,
    intervalMs,
    minutes,
  }
}
