import { type Clock, sleep } from '../core/clock.ts'
import type { FleetOptions } from './fleet-options.ts'
import { intervalOf, seedOf, siteOf } from './fleet-place.ts'
import { readingAt } from './fleet-sensor.ts'
import { serveFleet, type ServedDevice } from './http-server.ts'

/** What a source that has no agent of its own is made of. */
export interface ServeOnly {
  readonly options: Pick<FleetOptions, 'devices' | 'rate' | 'seed' | 'prefix' | 'durationMs'>
  readonly http: { readonly host: string; readonly port: number }
  readonly clock: Clock
  say(line: string): void
  readonly stop: AbortSignal
}

const dayMs = 86_400_000

/** Serves the readings that the devices would have, for others to fetch; nothing is buffered or sent. */
export async function serveOnly({ options, http, clock, say, stop }: ServeOnly): Promise<void> {
  const devices = Array.from({ length: options.devices }, (_, i) => sourceOf(i + 1, options, clock))
  const server = await serveFleet(devices, http)
  say(`readings of ${options.devices} on ${server.url}/devices, sent nowhere; Ctrl-C ends`)
  // A timer holds no more than 24 days.
  do await sleep(clock, options.durationMs ?? dayMs, stop)
  while (options.durationMs === null && !stop.aborted)
  await server.close()
}

/** A device whose newest reading is that of the last instant of its interval. */
export function sourceOf(
  number: number,
  { rate, seed, prefix }: Pick<FleetOptions, 'rate' | 'seed' | 'prefix'>,
  clock: Pick<Clock, 'now'>,
): ServedDevice {
  const place = siteOf(number)
  const own = { seed: seedOf(seed, number), place }
  const intervalMs = intervalOf(rate)
  return {
    device: `${prefix}-${number}`,
    location: place.name,
    latest: () => readingAt(own, Math.floor(clock.now() / intervalMs) * intervalMs),
  }
}
