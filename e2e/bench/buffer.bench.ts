import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Metric, metricByName } from '@barograph/proto'
import { openSqliteBuffer } from '../../agent/buffer/sqlite.ts'
import { systemClock } from '../../agent/system-clock.ts'
import type { Entry } from '../../agent/core/buffer.ts'
import { type Bench, median, type Row, type Size } from './bench.ts'

const metrics = ['temperature', 'humidity', 'pressure'].map((name) => metricByName(name) as Metric)
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const entry = (i: number): Entry => ({
  time: 1_763_700_000_000 + i,
  monotonicMs: i,
  values: metrics.map((metric) => ({ metric, thousandths: 20_000 + (i % 100), flag: 0 })),
  mark: null,
})

/** Appends of one page with fsync a second: what the disk itself gives. */
function fsyncRate(folder: string, count: number): number {
  const file = openSync(join(folder, 'fsync'), 'w')
  const page = new Uint8Array(4_096)
  const started = performance.now()
  for (let i = 0; i < count; i++) {
    writeSync(file, page)
    fsyncSync(file)
  }
  closeSync(file)
  return (count * 1000) / (performance.now() - started)
}

/** Rows a second that are durable, `perGroup` of them in each commit. */
async function rowRate(folder: string, groups: number, perGroup: number): Promise<number> {
  const path = join(folder, `buffer-${perGroup}-${Math.random()}.db`)
  const buffer = openSqliteBuffer({
    device: 'bench',
    path,
    maxMb: 1_024,
    maxAgeDays: 90,
    commitIntervalMs: 10_000,
    whenFull: 'stop',
    epoch: '00000000000000aa',
    boot: 'bench',
    site: '{}',
    clock: systemClock,
    log: quiet,
  })
  buffer.register('bme280', { intervalMs: 1_000, historical: false })
  const started = performance.now()
  for (let group = 0; group < groups; group++) {
    const entries = Array.from({ length: perGroup }, (_, i) => entry(group * perGroup + i))
    const accepted = buffer.accept({ sensor: 'bme280', entries })
    buffer.flush()
    await accepted
  }
  const rate = (groups * perGroup * 1000) / (performance.now() - started)
  await buffer.close()
  return rate
}

export const buffer: Bench = {
  name: 'buffer',
  title: 'Edge buffer: rows of three values, each commit on the disk before it counts',
  async run(size: Size): Promise<Row[]> {
    const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
    try {
      const scale = size === 'full' ? 1 : 0.02
      const runs = size === 'full' ? 5 : 1
      const disk = await median(runs, () => fsyncRate(folder, Math.ceil(2_000 * scale)))
      const against = { what: 'fsyncs/s of the disk', value: disk }
      const rows: Row[] = [
        {
          what: 'commits of one row',
          value: await median(runs, () => rowRate(folder, Math.ceil(2_000 * scale), 1)),
          unit: 'rows/s',
          against,
        },
      ]
      for (const perGroup of [10, 100, 500])
        rows.push({
          what: `groups of ${perGroup}`,
          value: await median(runs, () => rowRate(folder, Math.ceil((20_000 / perGroup) * scale), perGroup)),
          unit: 'rows/s',
          against,
        })
      return rows
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}
