import {
  type Batch,
  encodeBatch,
  encodeStatus,
  makeBatch,
  type Metric,
  metricByName,
  offlineStatus,
  type Run,
  statusTopic,
  upTopic,
} from '@barograph/proto'
import type { Incoming } from '../ingest.ts'

const temperature = metricByName('temperature') as Metric

/** A run of one reading a second. */
export function runOf(firstSeq: number, count: number, firstTime: number, epoch = '00000000000000aa'): Run {
  return {
    sensor: 'bme280',
    epoch,
    intervalMs: 1_000,
    firstSeq,
    times: Float64Array.from({ length: count }, (_, i) => firstTime + i * 1_000),
    columns: [
      {
        metric: temperature,
        values: Float64Array.from({ length: count }, (_, i) => 20_000 + firstSeq + i),
        flags: null,
      },
    ],
    marks: [],
  }
}

/** A batch as it comes over MQTT. */
export function batchMessage(device: string, parts: Partial<Batch>, topicDevice = device): Incoming {
  return {
    topic: upTopic(topicDevice),
    payload: encodeBatch(makeBatch(device, parts)),
    identity: null,
  }
}

/** A status as it comes over MQTT. */
export function statusMessage(device: string, state: string, online = true): Incoming {
  return {
    topic: statusTopic(device),
    payload: encodeStatus({ ...offlineStatus, online, state }),
    identity: null,
  }
}

/** The same bytes as of another protocol version. */
export function ofVersion(bytes: Uint8Array, version: number): Uint8Array {
  // The version is the first field: tag 8, then the number.
  if (bytes[0] !== 8) throw new Error('the version does not come first')
  const copy = Uint8Array.from(bytes)
  copy[1] = version
  return copy
}
