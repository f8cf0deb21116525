import type { Edit } from './edit.ts'

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

/**
 * Named limits, made so small that a few hundred entries reach each of them. What happens at a limit is the shipped
 * code's; only its number is ours.
 */
export const smallWorld: readonly Edit[] = [
  edit('proto/limits.ts', 'entriesPerBucket: 256,', 'entriesPerBucket: 16,'),
  edit('proto/limits.ts', 'rangesPerStream: 4_096,', 'rangesPerStream: 24,'),
  edit('proto/limits.ts', 'rangesPerReceipt: 64,', 'rangesPerReceipt: 4,'),
  edit('proto/limits.ts', 'streamsPerHello: 512,', 'streamsPerHello: 4,'),
  edit('proto/limits.ts', 'partsPerBatch: 512,', 'partsPerBatch: 8,'),
  edit('collector/core/roll.ts', 'const recordsPerFetch = 256', 'const recordsPerFetch = 8'),
  edit('collector/core/roll.ts', 'const dirtyDocuments = 8_000', 'const dirtyDocuments = 30'),
  edit('collector/core/roll.ts', 'devices: 20_000,', 'devices: 1,'),
  edit('collector/core/roll.ts', 'streams: 20_000,', 'streams: 1,'),
  edit('collector/core/roll.ts', 'epochs: 20_000,', 'epochs: 1,'),
  edit('collector/core/roll.ts', 'buckets: 400,', 'buckets: 8,'),
  edit('collector/core/roll.ts', 'summaries: 200,', 'summaries: 2,'),
  edit('collector/core/roll.ts', 'rollups: 8_000,', 'rollups: 24,'),
  edit('collector/core/receipts.ts', 'streams: 16,', 'streams: 2,'),
  edit('collector/core/bridge.ts', 'inFlightMessages: 10_000,', 'inFlightMessages: 6,'),
  edit('collector/core/bridge.ts', 'recordsPerAppend: 4_096,', 'recordsPerAppend: 5,'),
  edit('agent/core/shipping/limits.ts', 'unackedMessages: 100,', 'unackedMessages: 8,'),
  edit('agent/core/shipping/limits.ts', 'unstoredEntries: 500_000,', 'unstoredEntries: 120,'),
  edit('agent/core/shipping/limits.ts', 'unstoredParts: 100_000,', 'unstoredParts: 40,'),
  edit('agent/core/shipping/limits.ts', 'unloggedSummaryNumbers: 262_144,', 'unloggedSummaryNumbers: 64,'),
  edit('agent/core/shipping/limits.ts', 'markedAhead: 16_384,', 'markedAhead: 10,'),
  edit('agent/core/shipping/sender.ts', 'const figuresPerBatch = 3_000', 'const figuresPerBatch = 12'),
  edit('agent/buffer/commit/marks.ts', 'const aheadEntries = 512', 'const aheadEntries = 8'),
  edit('agent/buffer/commit/marks.ts', 'const historicalBacklog = 8_192', 'const historicalBacklog = 12'),
  edit('agent/buffer/commit/acceptances.ts', 'const queuedEntries = 20_000', 'const queuedEntries = 40'),
  edit('agent/buffer/commit/group-commit.ts', 'const entriesPerGroup = 500', 'const entriesPerGroup = 12'),
]
