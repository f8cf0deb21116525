import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCollector } from '../harness/collector.ts'
import { countStored } from '../harness/documents.ts'
import type { Bench, Row, Size } from './bench.ts'
import { cpuSecondsOf, memoryOf } from './memory.ts'
import { sendAll } from './sending.ts'

const streams = 200

interface Load {
  readonly rate: number
  readonly cpuSeconds: number
  readonly rssMb: number
  readonly privateMb: number
}

async function load(perStream: number, perBatch: number): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
  try {
    const collector = await createCollector({ folder })
    await collector.start()
    const { pid } = collector.process()
    const before = cpuSecondsOf(pid)
    const seconds = await sendAll({ broker: collector.broker, streams, perStream, perBatch })
    const result = {
      rate: (perStream * streams) / seconds,
      cpuSeconds: cpuSecondsOf(pid) - before,
      rssMb: memoryOf(pid).peak,
      privateMb: memoryOf(pid).private,
    }
    await collector.stop()
    // The ledger: nothing counts that is not in the store exactly once.
    const stored = countStored(folder)
    if (stored !== perStream * streams)
      throw new Error(`sent ${perStream * streams} readings, stored ${stored}`)
    return result
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const pipeline: Bench = {
  name: 'pipeline',
  title: `End to end: MQTT, log, all seven levels, store, receipts; embedded parts, ${streams} streams of three metrics`,
  async run(size: Size): Promise<Row[]> {
    const rows: Row[] = []
    for (const [perBatch, perStream, goal] of [
      [60, size === 'full' ? 6_000 : 120, '>= 20,000'],
      [1, size === 'full' ? 300 : 5, '>= 4,000'],
    ] as const) {
      const { rate, cpuSeconds, rssMb, privateMb } = await load(perStream, perBatch)
      rows.push(
        { what: `stored, ${perBatch} in a batch`, value: rate, unit: 'readings/s', goal },
        {
          what: `collector's CPU, ${perBatch} in a batch`,
          value: (perStream * streams) / cpuSeconds,
          unit: 'readings per CPU second',
        },
        { what: `collector's peak memory, ${perBatch} in a batch`, value: rssMb, unit: 'MB RSS' },
        { what: `of it private at the end, ${perBatch} in a batch`, value: privateMb, unit: 'MB' },
      )
    }
    return rows
  },
}
