import type { ApiGaps } from '@barograph/proto/api'
import type { Api } from '../api/client.ts'
import { secondMs } from '../time/zone.ts'

/** What the collector says of missing readings. */
export interface Told {
  /** By sensor, as far as it is known. */
  of(device: string, sensors: readonly string[], from: number, to: number): ReadonlyMap<string, ApiGaps>
}

const askEveryMs = 30 * secondMs
const pageLimit = 200

/** Asks for gaps and pauses of what is shown, and again from time to time. */
export function createTold(options: {
  api: Pick<Api, 'gaps'>
  now: () => number
  onChange: () => void
  onFailure: (error: unknown) => void
}): Told {
  const { api, now, onChange, onFailure } = options
  const known = new Map<string, { askedAt: number; from: number; gaps: ApiGaps | null }>()

  async function ask(key: string, device: string, sensor: string, from: number, to: number): Promise<void> {
    try {
      const gaps = await api.gaps({ device, sensor, from, to, limit: pageLimit })
      known.set(key, { askedAt: now(), from, gaps })
      onChange()
    } catch (error) {
      onFailure(error)
    }
  }

  return {
    of(device, sensors, from, to) {
      const found = new Map<string, ApiGaps>()
      for (const sensor of sensors) {
        const key = `${device}/${sensor}`
        const entry = known.get(key)
        const isOther = !entry || Math.abs(entry.from - from) > (to - from) / 50
        if (isOther || now() - entry.askedAt > askEveryMs) {
          known.set(key, { askedAt: now(), from, gaps: entry?.gaps ?? null })
          void ask(key, device, sensor, from, to)
        }
        if (entry?.gaps) found.set(sensor, entry.gaps)
      }
      return found
    },
  }
}
