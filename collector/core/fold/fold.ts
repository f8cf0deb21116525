import { rangeOf } from '@barograph/proto'
import type { Cache, Need } from '../cache.ts'
import { noteStatus } from '../device.ts'
import { refuse } from '../epoch.ts'
import type { DecodedRecord, RecordOf } from '../record.ts'
import { applyBatch } from './apply-batch.ts'
import { type Applying, createEdit, type Edit } from './edit.ts'
import { type Effect, noEffect } from './effect.ts'
import { applyExpiry, planExpiry, sealable, summaryNeeds, validPart } from './expiry.ts'
import { firstNeeds, outdatedNeeds, windowNeeds } from './needs.ts'
import { planBatch } from './plan-batch.ts'
import { applyRelease, planRelease } from './release.ts'
import type { Portion, PortionWindow } from './windowing.ts'

/** What a record changes; made from the cache, and worth nothing once that has changed. */
export interface Plan {
  readonly record: DecodedRecord
  readonly apply: (applying: Applying) => void
}

type Planned = Plan | { readonly missing: Need[] }

/**
 * The fold of one partition: what a record does to the documents. Planning changes nothing and names the documents it
 * lacks; applying changes documents that are not further than the record, and no other.
 */
export function createFold({ cache, partition }: { cache: Cache; partition: number }) {
  const place = { cache, partition }
  const lacking = (needs: Need[]): Need[] => needs.filter((need) => !cache.has(need))

  /** The plan, or what must be loaded first. */
  function plan(record: DecodedRecord): Planned {
    const missing = lacking(firstNeeds(record, partition))
    if (missing.length > 0) return { missing }
    const outdated = outdatedNeeds(record, cache)
    if (outdated.length > 0) return { missing: outdated }
    switch (record.kind) {
      case 'batch': {
        const batch = planBatch(record, place)
        return withWindows(record, windowsOf([...batch.runs, ...batch.summaries]), (applying) =>
          applyBatch(record, batch, applying),
        )
      }
      case 'release': {
        const release = planRelease(record, place)
        return withWindows(record, windowsOf(release.runs), (applying) =>
          applyRelease(record, release, applying),
        )
      }
      case 'expire': {
        const valid = validPart(record, cache)
        const summaries = lacking(summaryNeeds(valid, cache))
        if (summaries.length > 0) return { missing: summaries }
        const expiry = planExpiry(valid, place)
        return withWindows(valid, sealable(expiry, cache), (applying) => applyExpiry(valid, expiry, applying))
      }
      default:
        return { record, apply: ({ edit, effect }) => applySmall(record, edit, effect) }
    }
  }

  function withWindows(
    record: DecodedRecord,
    windows: readonly PortionWindow[],
    apply: Plan['apply'],
  ): Planned {
    const missing = lacking(windowNeeds(windows))
    return missing.length > 0 ? { missing } : { record, apply }
  }

  /** Changes the documents; the plan must have been made from the cache as it is. */
  function apply(planned: Plan): Effect {
    const edit = createEdit(planned.record, cache)
    const effect = noEffect()
    planned.apply({ edit, cache, effect })
    edit.close()
    return effect
  }

  /** Records that need no plan. */
  function applySmall(record: SmallRecord, edit: Edit, effect: Effect): void {
    switch (record.kind) {
      case 'settings': {
        const settings = edit.open(cache.settings, String(partition))
        if (settings)
          settings.history = [...settings.history, { at: record.at, ...record.settings }].slice(-settingsKept)
        break
      }
      case 'status':
        applyStatus(record, edit)
        break
      case 'refusal':
        for (const refused of record.refusal.refused) {
          const epoch = edit.openEpoch(refused)
          if (epoch) refuse(epoch, rangeOf(refused.firstSeq, refused.lastSeq), refused.reason)
          effect.refused += refused.lastSeq - refused.firstSeq + 1
        }
        break
      case 'unreadable':
        break
    }
  }

  function applyStatus(record: RecordOf<'status'>, edit: Edit): void {
    const device = edit.open(cache.devices, record.device)
    if (device) noteStatus(device, record.status, record.ingestMs)
    for (const sensor of record.status.sensors) {
      const epoch = sensor.accepted > 0 ? edit.openEpoch(sensor) : null
      if (epoch) epoch.accepted = Math.max(epoch.accepted, sensor.accepted)
    }
  }

  return { plan, apply }
}

/** Changes documents that are loaded before anything is known of the record's numbers. */
type SmallRecord = RecordOf<'settings' | 'status' | 'refusal' | 'unreadable'>

const windowsOf = (parts: readonly { readonly portions: readonly Portion[] }[]): PortionWindow[] =>
  parts.flatMap(({ portions }) => portions.flatMap(({ windows }) => windows))

/** Settings change by hand: this many changes are remembered for records that are folded again. */
const settingsKept = 1_000
