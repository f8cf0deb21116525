import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAgent } from '../harness/agent.ts'
import { createCollector } from '../harness/collector.ts'
import { sleep } from '../harness/wait.ts'
import type { Bench, Row, Size } from './bench.ts'
import { cpuSecondsOf, memoryOf } from './memory.ts'

const yaml = `
device: bench
site: { latitude: 40.69, longitude: -74.17, timeZone: America/New_York }
sensors:
  - { id: bme280, type: simulated, intervalMs: 1000, seed: 1 }
`

export const idle: Bench = {
  name: 'idle',
  title: 'At rest: one agent from source with a reading of three metrics a second, and its collector',
  async run(size: Size): Promise<Row[]> {
    const folder = mkdtempSync(join(tmpdir(), 'barograph-bench-'))
    try {
      const collector = await createCollector({ folder })
      await collector.start()
      const agent = createAgent({ folder, name: 'bench', yaml, broker: collector.broker })
      agent.start()
      await sleep(size === 'full' ? 15_000 : 2_000)
      const seconds = size === 'full' ? 45 : 2
      const programs = { agent: agent.process().pid, collector: collector.process().pid }
      const before = Object.values(programs).map(cpuSecondsOf)
      await sleep(seconds * 1_000)
      const rows = Object.entries(programs).flatMap(([name, pid], i): Row[] => [
        { what: `${name}: memory`, value: memoryOf(pid).rss, unit: 'MB RSS' },
        { what: `${name}: of it private`, value: memoryOf(pid).private, unit: 'MB' },
        // One tick of the kernel's clock more than counted, so that no figure is 0.
        {
          what: `${name}: CPU`,
          value: ((cpuSecondsOf(pid) - (before[i] ?? 0) + 0.01) * 100) / seconds,
          unit: '% of a core',
        },
      ])
      await agent.stop()
      await collector.stop()
      return rows
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
