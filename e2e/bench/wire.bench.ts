import { type Batch, decodeBatch, encodeBatch } from '@barograph/proto'
import { seeded } from '../harness/random.ts'
import { type Bench, median, type Row, type Size } from './bench.ts'
import { createWalk } from './walk.ts'

const perBatch = 60

const jsonOf = (batch: Batch): string =>
  JSON.stringify(
    batch.runs.flatMap((run) =>
      Array.from(run.times, (time, i) => ({
        device: batch.device,
        sensor: run.sensor,
        seq: run.firstSeq + i,
        time,
        ...Object.fromEntries(
          run.columns.map(({ metric, values }) => [metric.name, (values[i] as number) / 1000]),
        ),
      })),
    ),
  )

/** Millions of readings a second that `work` does over all batches. */
function rate(batches: readonly unknown[], work: (i: number) => void): number {
  const started = performance.now()
  for (let i = 0; i < batches.length; i++) work(i)
  return (batches.length * perBatch) / (performance.now() - started) / 1000
}

export const wire: Bench = {
  name: 'wire',
  title: 'Wire: three metrics as a BME280 gives them, 60 readings a batch, one core',
  async run(size: Size): Promise<Row[]> {
    const walk = createWalk({ device: 'greenhouse', random: seeded(1) })
    const batches = Array.from({ length: size === 'full' ? 20_000 : 200 }, () => walk(perBatch))
    const encoded = batches.map(encodeBatch)
    const texts = batches.slice(0, 2_000).map(jsonOf)
    const bytes = encoded.reduce((sum, one) => sum + one.length, 0) / encoded.length / perBatch
    const jsonBytes = texts.reduce((sum, one) => sum + one.length, 0) / texts.length / perBatch
    const runs = size === 'full' ? 5 : 1
    return [
      {
        what: 'bytes per reading',
        value: bytes,
        unit: 'B',
        against: { what: 'JSON', value: jsonBytes },
        goal: '<= 5',
      },
      {
        what: 'encode',
        value: await median(runs, () => rate(batches, (i) => void encodeBatch(batches[i] as Batch))),
        unit: 'M readings/s',
        against: {
          what: 'JSON.stringify',
          value: await median(runs, () => rate(texts, (i) => void jsonOf(batches[i] as Batch))),
        },
      },
      {
        what: 'decode and check',
        value: await median(runs, () => rate(encoded, (i) => void decodeBatch(encoded[i] as Uint8Array))),
        unit: 'M readings/s',
        against: {
          what: 'JSON.parse',
          value: await median(runs, () => rate(texts, (i) => void JSON.parse(texts[i] as string))),
        },
        goal: '>= 10',
      },
    ]
  },
}
