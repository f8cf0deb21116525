import { makeBatch, type Batch, type Metric, metricByName } from '@barograph/proto'

const metrics = ['temperature', 'humidity', 'pressure'].map((name) => metricByName(name) as Metric)
/** Steps that a BME280 resolves, in thousandths, and how many of them it moves in a second at most. */
const steps = [10, 8, 2]
const reach = [2, 12, 8]

/**
 * Batches of three metrics each second as a BME280 gives them: a walk in steps of its resolution. Numbers go on from
 * batch to batch.
 */
export function createWalk({
  device,
  random,
  epoch = '00000000000000aa',
  start = Date.UTC(2026, 0, 1),
}: {
  device: string
  random: () => number
  epoch?: string
  start?: number
}): (count: number) => Batch {
  const now = [21_000, 45_000, 1_013_250]
  let seq = 1
  return (count) => {
    const times = Float64Array.from({ length: count }, (_, i) => start + (seq + i) * 1_000)
    const values = metrics.map(() => new Float64Array(count))
    for (let i = 0; i < count; i++)
      for (let m = 0; m < metrics.length; m++) {
        const limit = reach[m] as number
        now[m] = (now[m] as number) + Math.round((random() * 2 - 1) * limit) * (steps[m] as number)
        ;(values[m] as Float64Array)[i] = now[m] as number
      }
    const columns = metrics.map((metric, m) => ({ metric, values: values[m] as Float64Array, flags: null }))
    const run = { sensor: 'bme280', epoch, intervalMs: 1_000, firstSeq: seq, times, columns, marks: [] }
    seq += count
    return makeBatch(device, { siteVersion: 1_767_225_600, runs: [run] })
  }
}
