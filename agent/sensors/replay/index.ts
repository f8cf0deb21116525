import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Sensor } from '../../core/sensor.ts'
import type { SensorContext, SensorType } from '../../core/sensor-type.ts'
import { replaySchema, type ReplayConfig } from './config.ts'
import { nothing } from '../fault.ts'
import { createPace } from './pace.ts'
import { createReplay } from './replay.ts'

/** Waiting for the next row to be due ends after this long with nothing, so that nobody waits for ever. */
const waitLimitMs = 5_000

/** Rows of a CSV file as if they were measured, at any speed. */
export const replayType: SensorType<ReplayConfig> = {
  type: 'replay',
  schema: replaySchema,
  metrics: (config) => Object.keys(config.values),
  create: (context) => createReplaySensor(context),
}

/** What of this machine's time a replay uses. */
export interface ReplayClock {
  /** Monotonic, ms. */
  nowMs(): number
  /** Resolves after `ms`, or early when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const machineClock: ReplayClock = {
  nowMs: () => performance.now(),
  async sleep(ms, signal) {
    // The rejection only says that the signal aborted, which the caller sees for itself.
    await setTimeout(ms, undefined, { signal }).catch(() => undefined)
  },
}

/** A replay on a clock that tests can turn. */
export function createReplaySensor(
  { config, baseDir }: SensorContext<ReplayConfig>,
  clock: ReplayClock = machineClock,
): Sensor {
  const pace = createPace(config.speed, waitLimitMs)
  const replay = createReplay({ config, path: resolve(baseDir, config.file) })
  return {
    pace: 'continuous',
    origin: 'replayed',
    historical: true,
    async read({ position, signal }) {
      for (;;) {
        const failed = await replay.load(position, signal)
        if (failed) return failed
        const waitMs = pace.waitMs(replay.dueTimeMs(), clock.nowMs())
        if (waitMs > 0) await clock.sleep(waitMs, signal)
        const sample = signal.aborted ? nothing : replay.take((timeMs) => pace.isDue(timeMs, clock.nowMs()))
        if (sample) return sample
      }
    },
    close: () => replay.close(),
  }
}
