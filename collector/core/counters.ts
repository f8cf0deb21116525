/** What the bridge has done since it started, for /metrics and the log. */
export interface BridgeCounters {
  batches: number
  entries: number
  statuses: number
  /** Statuses that a newer one of the same device replaced before they were logged. */
  conflated: number
  quarantinedBatches: number
  payloadBytes: number
  /** By code. */
  refused: Record<string, number>
  records: number
  appends: number
  appendMs: number
  slowestAppendMs: number
}

export function createBridgeCounters(): BridgeCounters {
  return {
    batches: 0,
    entries: 0,
    statuses: 0,
    conflated: 0,
    quarantinedBatches: 0,
    payloadBytes: 0,
    refused: {},
    records: 0,
    appends: 0,
    appendMs: 0,
    slowestAppendMs: 0,
  }
}
