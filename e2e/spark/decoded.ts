// What our encoder and decoder say of random batches, for the decoder in Python to say the same.
import {
  type Batch,
  cosineOf,
  decodeBatch,
  encodeBatch,
  metricKey,
  sineOf,
  type SummaryFigures,
} from '@barograph/proto'
import fc from 'fast-check'
import { batch as anyBatch } from '../../proto/testing/arbitraries.ts'

/** Random batches as the wire has them, with what they hold. */
export function decodedBatches(count: number, seed: number): object[] {
  return fc.sample(anyBatch, { numRuns: count, seed }).map((one) => {
    const bytes = encodeBatch(one)
    return { bytes: Buffer.from(bytes).toString('base64'), batch: plain(decodeBatch(bytes)) }
  })
}

/** Of every thousandth of a degree: round(10^6 sin) and round(10^6 cos). */
export function angles(): { sines: number[]; cosines: number[] } {
  const all = Array.from({ length: 360_001 }, (_, i) => i)
  return { sines: all.map(sineOf), cosines: all.map(cosineOf) }
}

function plain({ device, clock, runs, summaries, site }: Batch): object {
  return {
    device,
    clock,
    runs: runs.map(({ sensor, epoch, intervalMs, firstSeq, times, columns, marks }) => ({
      sensor,
      epoch,
      intervalMs,
      firstSeq,
      times: [...times],
      marks: marks.map(({ index }) => index),
      columns: columns.map(({ metric, values, flags }) => ({
        key: metricKey(metric),
        unit: metric.unit,
        kind: metric.kind,
        values: Array.from(values, (value) => (Number.isNaN(value) ? null : value)),
        flags: flags ? [...flags] : Array.from(values, () => 0),
      })),
    })),
    summaries: summaries.map(({ minutes, ...rest }) => ({
      ...rest,
      minutes: minutes.map(({ figures, ...minute }) => ({ ...minute, figures: figures.map(plainFigures) })),
    })),
    site: site && { version: site.version, timeZone: site.timeZone, validFrom: site.validFrom },
  }
}

/** In the order of the fields in Python. */
const plainFigures = ({ metric, ...its }: SummaryFigures): object => ({
  key: metricKey(metric),
  numbers: numbers.map((name) => its[name]),
})

const numbers = [
  'count',
  'flagged',
  'suspect',
  'sum',
  'sine',
  'cosine',
  'min',
  'minAt',
  'max',
  'maxAt',
  'first',
  'firstAt',
  'last',
  'lastAt',
] as const
