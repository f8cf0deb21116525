import type { ApiReadings } from '@barograph/proto/api'
import type { Api } from '../api/client.ts'
import { tendencySpanMs, tendencyToleranceMs } from '../measure/tendency.ts'
import { secondMs } from '../time/zone.ts'

/** Which value is compared with the newest one. */
export interface BeforeQuery {
  readonly device: string
  readonly sensor: string
  readonly metric: string
  readonly intervalMs: number
  /** Time of the newest reading. */
  readonly time: number
}

/** Readings of three hours ago. */
export interface Before {
  /** The value nearest to three hours before; null: there is none, or it is being asked for. */
  value(query: BeforeQuery): number | null
}

interface Known {
  /** What it was read for. */
  time: number
  askedAt: number
  isAsking: boolean
  readings: ApiReadings['readings']
}

const askEveryMs = 2 * secondMs
const pageLimit = 500

/** Reads them when they are needed, and again when now has moved on. */
export function createBefore(options: {
  api: Pick<Api, 'readings'>
  now: () => number
  onChange: () => void
  onFailure: (error: unknown) => void
}): Before {
  const { api, now, onChange, onFailure } = options
  const known = new Map<string, Known>()

  async function ask({ device, sensor, intervalMs, time }: BeforeQuery, entry: Known): Promise<void> {
    entry.isAsking = true
    entry.askedAt = now()
    const wanted = time - tendencySpanMs
    const near = Math.min(tendencyToleranceMs, Math.max(30 * secondMs, 3 * intervalMs))
    try {
      for (const half of near < tendencyToleranceMs ? [near, tendencyToleranceMs] : [near]) {
        // The end is not included, and a reading exactly ten minutes off is within the tolerance.
        const to = wanted + half + 1
        const page = await api.readings({ device, sensor, from: wanted - half, to, limit: pageLimit })
        entry.readings = page.readings
        if (page.readings.length > 0) break
      }
      entry.time = time
    } catch (error) {
      onFailure(error)
    }
    entry.isAsking = false
    onChange()
  }

  return {
    value(query) {
      const key = `${query.device}/${query.sensor}`
      let entry = known.get(key)
      if (!entry) {
        entry = {
          time: Number.NEGATIVE_INFINITY,
          askedAt: Number.NEGATIVE_INFINITY,
          isAsking: false,
          readings: [],
        }
        known.set(key, entry)
      }
      const drift = Math.abs(query.time - entry.time)
      const allowed = Math.max(30 * secondMs, Math.min(query.intervalMs, tendencyToleranceMs) / 2)
      if (drift > allowed && !entry.isAsking && now() - entry.askedAt > askEveryMs) void ask(query, entry)
      return nearest(entry.readings, query.metric, query.time - tendencySpanMs)
    },
  }
}

/** The valid value of a metric nearest to an instant, within the tolerance. */
export function nearest(readings: ApiReadings['readings'], metric: string, wanted: number): number | null {
  let best: { distance: number; value: number } | null = null
  for (const reading of readings) {
    if (reading.kind !== 'reading' || reading.quarantined !== undefined || reading.flags?.[metric]?.invalid)
      continue
    const value = reading.values[metric]
    const distance = Math.abs(Date.parse(reading.time) - wanted)
    if (value === undefined || distance > tendencyToleranceMs) continue
    if (!best || distance < best.distance) best = { distance, value }
  }
  return best?.value ?? null
}
