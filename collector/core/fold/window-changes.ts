import type { Cache } from '../cache.ts'
import { streamId } from '../identity.ts'
import { isSame } from '../position.ts'
import type { DecodedRecord } from '../record.ts'
import { contribute } from '../rollup.ts'
import type { Edit } from './edit.ts'
import { loaded } from './needs.ts'
import type { Portion } from './windowing.ts'

/**
 * Adds readings to their windows and counts those that came late: when the stream's largest event time had passed the
 * window's end. To be made before the record changes its streams.
 */
export function createWindowChanges(
  record: DecodedRecord,
  sensors: readonly string[],
  { edit, cache }: { readonly edit: Edit; readonly cache: Cache },
): { add(portions: readonly Portion[]): void } {
  const largest = new Map(
    sensors.map((sensor) => [sensor, loaded(cache.streams.get(streamId(record.device, sensor))).largestTime]),
  )

  return {
    add(portions) {
      /** By sensor: readings of windows that were over, and windows that had no revision before. */
      const late = new Map<string, { readings: number; readonly revised: Set<string> }>()
      const revised = new Set<object>()
      for (const portion of portions) addPortion(portion)
      for (const [sensor, { readings, revised }] of late) {
        const stream = edit.open(cache.streams, streamId(record.device, sensor))
        if (!stream) continue
        stream.lateRecords++
        stream.lateReadings = (stream.lateReadings ?? 0) + readings
        stream.revisedWindows = (stream.revisedWindows ?? 0) + revised.size
      }

      function addPortion({ contribution, windows }: Portion): void {
        let isCounted = false
        for (const { id, key, partStart } of windows) {
          const rollup = edit.open(cache.rollups, id)
          if (rollup) contribute(rollup, contribution, partStart)
          const before = largest.get(key.sensor) ?? null
          const state = loaded(cache.rollups.get(id))
          if (before === null || before < state.end) continue
          if (rollup && !revised.has(rollup)) {
            revised.add(rollup)
            if (rollup.revision++ === 0) rollup.revisedAt = record.at
          }
          const ofSensor = late.get(key.sensor) ?? { readings: 0, revised: new Set() }
          late.set(key.sensor, ofSensor)
          if (!isCounted) ofSensor.readings += contribution.received
          isCounted = true
          // A window that holds this record already tells whether it was the first to revise it.
          if (state.revisedAt && isSame(state.revisedAt, record.at)) ofSensor.revised.add(id)
        }
      }
    },
  }
}
