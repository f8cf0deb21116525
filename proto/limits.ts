/**
 * Every bound of the wire, in one place. What is beyond is refused with the reason named beside it; the relations
 * that other code relies on are asserted at the end.
 */
export const limits = {
  /** Protocol version that this code speaks. Refused: `unknown-version`. */
  version: 1,
  /** Bytes of one MQTT payload. Refused: `too-large`. */
  batchBytes: 262_144,
  /** Entries of one batch over all its runs. Refused: `too-large`. */
  entriesPerBatch: 8_192,
  /** Runs, ends, losses and summaries of one batch, each. Refused: `too-large`. */
  partsPerBatch: 512,
  /** Metrics of one run. Refused: `too-large`. */
  columnsPerRun: 64,
  /** Sequence numbers that the summaries of one batch stand for, together. Refused: `too-large`. */
  numbersPerSummary: 65_536,
  /** Minutes of one summary. Refused: `too-large`. */
  minutesPerSummary: 1_440,
  /** Characters of a cause, a detail, a site's name. Longer text is cut by the sender, refused by the receiver. */
  textCharacters: 200,
  /** |value| in thousandths stays below. Refused: `value-out-of-bounds`. */
  value: 2 ** 40,
  /** Sequence numbers stay below. Refused: `malformed`. */
  sequence: 2 ** 48,
  /** Event times: years 1 to 9999. Refused: `time-out-of-bounds`. */
  earliestTimeMs: -62_135_596_800_000,
  latestTimeMs: 253_402_300_799_999,
  /** Scheduled intervals, about 24 days. Refused: `malformed`. */
  intervalMs: 2 ** 31 - 1,
  /** An event time may be this far ahead of the collector's clock; beyond it the entry is quarantined. */
  futureToleranceMs: 300_000,
  /** Ranges of one receipt; what does not fit comes with a later one. */
  rangesPerReceipt: 64,
  /** Ranges that a stream's set may hold. Refused: `too-fragmented`. */
  rangesPerStream: 4_096,
  /** Sequence numbers that share one raw bucket. */
  entriesPerBucket: 256,
  /** Numbers that one release or one expiry covers: their buckets and windows are in memory together. Refused: `too-large`. */
  numbersPerOperation: 8_192,
  /** Streams that one hello may ask for. Refused: `too-large`. */
  streamsPerHello: 512,
} as const

if (limits.entriesPerBatch > limits.batchBytes) throw new Error('limits: a batch cannot hold its entries')
if (limits.numbersPerOperation < limits.entriesPerBucket)
  throw new Error('limits: an expiry cannot cover a bucket')
if (limits.entriesPerBucket & (limits.entriesPerBucket - 1))
  throw new Error('limits: bucket size must be a power of two')
