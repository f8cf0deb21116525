import { rangeOf } from '@barograph/proto'
import type { Cache, Need } from '../cache.ts'
import { noteStatus } from '../device.ts'
import type { SummaryDocument } from '../documents.ts'
import { refuse } from '../epoch.ts'
import type { DecodedRecord, RecordOf } from '../record.ts'
import { applyBatch } from './apply-batch.ts'
import { createEdit, type Edit } from './edit.ts'
import type { Effect } from './effect.ts'
import { firstNeeds, outdatedNeeds, windowNeeds } from './needs.ts'
import { type BatchPlan, planBatch } from './plan-batch.ts'

/** What a record changes; made from the cache, and worth nothing once that has changed. */
export type Plan =
  | { readonly record: RecordOf<'batch'>; readonly batch: BatchPlan }
  | { readonly record: Exclude<DecodedRecord, { kind: 'batch' }> }

/**
 * The fold of one partition: what a record does to the documents. Planning changes nothing and names the documents it
 * lacks; applying changes documents that are not further than the record, and no other.
 */
export function createFold({ cache, partition }: { cache: Cache; partition: number }) {
  /** Summaries that the store lacks: written once, never read by the fold. */
  const freshSummaries = new Map<string, SummaryDocument>()

  /** The plan, or what must be loaded first. */
  function plan(record: DecodedRecord): Plan | { readonly missing: Need[] } {
    const missing = firstNeeds(record, partition).filter((need) => !cache.has(need))
    if (missing.length > 0) return { missing }
    const outdated = outdatedNeeds(record, cache)
    if (outdated.length > 0) return { missing: outdated }
    if (record.kind !== 'batch') return { record }
    const batch = planBatch(record, { cache, partition })
    const windows = windowNeeds([...batch.runs, ...batch.summaries].flatMap(({ portions }) => portions))
    const lacking = windows.filter((need) => !cache.has(need))
    return lacking.length > 0 ? { missing: lacking } : { record, batch }
  }

  /** Changes the documents; the plan must have been made from the cache as it is. */
  function apply(planned: Plan): Effect {
    const edit = createEdit(planned.record, cache)
    const effect: Effect = { fresh: 0, quarantined: 0, repeats: 0, refused: 0 }
    const keepSummary = (document: SummaryDocument) => void freshSummaries.set(document.id, document)
    if ('batch' in planned) applyBatch(planned.record, planned.batch, { edit, cache, effect, keepSummary })
    else applySmall(planned.record, edit, effect)
    edit.close()
    return effect
  }

  /** Records that need no plan. */
  function applySmall(record: Exclude<DecodedRecord, { kind: 'batch' }>, edit: Edit, effect: Effect): void {
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
      case 'release':
      case 'expire':
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

  return { plan, apply, freshSummaries }
}

/** Settings change by hand: this many changes are remembered for records that are folded again. */
const settingsKept = 1_000
