import { sizeOf } from '@barograph/proto'
import type { FleetLedger } from '../../harness/fleet.ts'
import type { StoreContent } from './store.ts'
import { findWrongWindows } from './windows.ts'

/** The site of every simulated device. */
const timeZone = 'UTC'

/**
 * What is wrong of a fleet: each reading that was accepted has to be stored, as its agent says and as the store holds it,
 * once, and in every window.
 */
export function fleetProblems(ledger: readonly FleetLedger[], store: StoreContent): string[] {
  const problems: string[] = []
  const counts = new Map<string, number>()
  for (const { stream } of store.readings) {
    const [device = ''] = stream.split('/')
    counts.set(device, (counts.get(device) ?? 0) + 1)
  }
  for (const { device, accepted, stored, lost, refused, left } of ledger) {
    if (accepted !== stored || lost + refused + left > 0)
      problems.push(
        `${device}: of ${accepted} accepted ${stored} are stored, ${lost} lost, ${refused} refused, ${left} left`,
      )
    const found = counts.get(device) ?? 0
    if (found !== accepted) problems.push(`${device}: ${found} of ${accepted} readings are in the buckets`)
  }
  for (const { stream, twice } of store.epochs.values())
    if (sizeOf(twice) > 0) problems.push(`${stream}: ${sizeOf(twice)} numbers are stored twice`)
  const wrong = findWrongWindows(store.readings, store.windows, () => timeZone)
  for (const { stream, level, start, why } of wrong)
    problems.push(`${stream} ${level} ${new Date(start).toISOString()}: ${why}`)
  return problems
}
