import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { memoryOf } from '../bench/memory.ts'
import { readStore } from '../chaos/judge/store.ts'
import { findWrongWindows } from '../chaos/judge/windows.ts'
import { collectGarbage } from '../harness/collect-garbage.ts'
import { freePorts } from '../harness/ports.ts'
import { agentProgram, collectorProgram, run, type Running, start } from '../harness/process.ts'
import { eventually, sleep } from '../harness/wait.ts'

/** Memory after a forced collection, MB, at a part of the run from 0 to 1. */
export interface Sample {
  readonly part: number
  readonly agentMb: number
  readonly collectorMb: number
}

export interface SoakReport {
  readonly samples: readonly Sample[]
  /** Readings of the day that passed, and of the time in which it did. */
  readonly stored: number
  readonly expected: number
  readonly wrongWindows: number
  readonly audit: string
}

export interface SoakOptions {
  readonly folder: string
  /** Seconds of the day that passes. */
  readonly daySeconds: number
  /** In so many real seconds. */
  readonly realSeconds: number
  readonly sensors: number
  /** How often memory is looked at. */
  readonly looks: number
  readonly say: (words: string) => void
  readonly signal?: AbortSignal
}

const device = 'soak'
/** Beside the day, sensors that sample now: their way through agent and collector is another one. */
const liveIntervalMs = 100
const startMs = Date.UTC(2025, 5, 1)

/** A day of readings, one a second from each sensor, passes through an agent and a collector in some minutes. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { folder, daySeconds, realSeconds, sensors, looks, say, signal } = options
  const [http = 0, mqtt = 0, agentPort = 0, collectorPort = 0] = await freePorts(4)
  writeDay(join(folder, 'day.csv'), daySeconds)
  const config = join(folder, 'agent.yaml')
  writeFileSync(config, yamlOf(sensors, daySeconds / realSeconds))
  const collectorEnv = {
    BAROGRAPH_BROKER_LISTEN: `127.0.0.1:${mqtt}`,
    BAROGRAPH_SERVE_LISTEN: `127.0.0.1:${http}`,
    BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}`,
    BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
  }
  const collector = start([`--inspect=127.0.0.1:${collectorPort}`, collectorProgram, 'run'], collectorEnv)
  await eventually('the collector is ready', async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).ok)
  const agent = start([`--inspect=127.0.0.1:${agentPort}`, agentProgram, 'run', '--config', config], {
    BAROGRAPH_UPLINK_URL: `mqtt://127.0.0.1:${mqtt}`,
    BAROGRAPH_BUFFER_PATH: join(folder, 'buffer.db'),
  })
  await eventually('the agent runs', () => agent.stderr().includes('running'))

  const found: Sample[] = []
  const begun = Date.now()
  for (let i = 1; i <= looks; i++) {
    while (Date.now() - begun < (i * realSeconds * 1_000) / looks) {
      signal?.throwIfAborted()
      await sleep(200)
    }
    const sample = {
      part: i / looks,
      agentMb: await settledMb(agent, agentPort),
      collectorMb: await settledMb(collector, collectorPort),
    }
    found.push(sample)
    say(
      `${Math.round(sample.part * 100)} %: agent ${figure(sample.agentMb)}, collector ${figure(sample.collectorMb)}`,
    )
  }
  const expected = daySeconds * sensors
  await eventually(
    'the day is stored',
    async () => {
      signal?.throwIfAborted()
      return (await storedOf(http, sensors)) >= expected
    },
    realSeconds * 1_000 + 60_000,
  )
  await agent.stop()
  await collector.stop()
  const audit = await run([collectorProgram, 'audit'], collectorEnv)
  const store = readStore(join(folder, 'store.db'))
  return {
    samples: found,
    stored: store.readings.filter(({ stream }) => stream.includes('/day-')).length,
    expected,
    wrongWindows: findWrongWindows(store.readings, store.windows, () => 'UTC').length,
    audit: audit.code === 0 ? '' : audit.stdout + audit.stderr,
  }
}

const figure = (mb: number): string => `${mb.toFixed(1)} MB`

/** The least of some: what is on its way through just now is no growth. */
async function settledMb({ pid }: Running, inspectPort: number): Promise<number> {
  const found: number[] = []
  for (let i = 0; i < 3; i++) {
    await collectGarbage(inspectPort)
    found.push(memoryOf(pid).rss)
  }
  return Math.min(...found)
}

async function storedOf(http: number, sensors: number): Promise<number> {
  let stored = 0
  for (let i = 1; i <= sensors; i++) {
    const path = `/api/v1/devices/${device}/sensors/day-${i}/rollups?level=year`
    const answer = await fetch(`http://127.0.0.1:${http}${path}`)
    if (!answer.ok) return 0
    const { rollups } = (await answer.json()) as { rollups: { received: number }[] }
    stored += rollups.reduce((sum, { received }) => sum + received, 0)
  }
  return stored
}

function writeDay(path: string, seconds: number): void {
  const lines = Array.from({ length: seconds }, (_, i) => {
    const at = new Date(startMs + i * 1_000).toISOString()
    const swing = Math.sin((2 * Math.PI * i) / 86_400)
    return `${at},${(15 + 8 * swing + (i % 7) / 10).toFixed(2)},${(60 - 20 * swing).toFixed(2)},${(1013 + swing).toFixed(2)}`
  })
  writeFileSync(path, `time,temperature,humidity,pressure\n${lines.join('\n')}\n`)
}

const yamlOf = (sensors: number, speed: number): string => `
device: ${device}
site: { latitude: 51.48, longitude: 0, altitudeM: 30, timeZone: UTC }
sensors:
${Array.from(
  { length: sensors },
  (_, i) => `
  - id: day-${i + 1}
    type: replay
    file: day.csv
    speed: ${speed}
    intervalMs: 1000
    time: { column: time }
    values: { temperature: { column: temperature }, humidity: { column: humidity }, pressure: { column: pressure } }
  - { id: live-${i + 1}, type: simulated, intervalMs: ${liveIntervalMs}, seed: ${i + 1} }`,
).join('')}
`
