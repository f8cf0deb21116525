import type { Level, Position, RollupDocument } from '../documents.ts'
import { rollupId } from '../identity.ts'
import { isBefore } from '../position.ts'
import type { Store } from '../store.ts'
import { pageSize, pagesOf } from './sweep.ts'

/** A window that is not what its readings come to. */
export interface Difference {
  readonly device: string
  readonly sensor: string
  readonly level: Level
  readonly start: number
  /** The fields that differ; `missing`: it is not stored; `no readings`: nothing comes to it. */
  readonly fields: readonly string[]
}

/** Differences that are told; the others are not looked for. */
const differencesTold = 1_000
/** Times that windows which were written meanwhile are looked at again. */
const rounds = 10

/**
 * Compares the windows of two sets, but for what tells of the order of arrival. Windows that owners change meanwhile are
 * looked at again when the second set has been brought forward.
 */
export async function compareSets({
  store,
  device,
  before,
  set,
  bring,
  step,
}: {
  readonly store: Pick<Store, 'read' | 'windows'>
  readonly device: string
  readonly before: number
  readonly set: number
  /** Brings the second set forward and tells up to where. */
  readonly bring: () => Promise<Position>
  readonly step: () => Promise<void>
}): Promise<Difference[]> {
  const differences: Difference[] = []
  let again: RollupDocument[] = []
  let upTo = await bring()

  const idIn = (window: RollupDocument, its: number): string =>
    rollupId(device, window.sensor, window.level, window.start, its)

  async function look(windows: readonly RollupDocument[]): Promise<RollupDocument[]> {
    const [old, fresh] = await Promise.all(
      [before, set].map((its) =>
        store.read(
          'rollups',
          windows.map((window) => idIn(window, its)),
        ),
      ),
    )
    return windows.filter((window, i) => {
      const [stored, made] = [old?.[i] ?? null, fresh?.[i] ?? null]
      const isAhead = stored !== null && isBefore(upTo, stored.o)
      if (!isAhead) tell(window, fieldsOf(stored, made))
      return isAhead
    })
  }

  function tell({ sensor, level, start }: RollupDocument, fields: readonly string[]): void {
    if (fields.length > 0 && differences.length < differencesTold)
      differences.push({ device, sensor, level, start, fields })
  }

  for (const its of [set, before])
    for await (const windows of pagesOf((cursor) =>
      store.windows({ device, set: its, limit: pageSize, ...(cursor === undefined ? {} : { cursor }) }),
    )) {
      // Of the second set all were seen: what only the first one has is left.
      const others = its === set ? windows : await missingIn(windows)
      again.push(...(await look(others)))
      await step()
    }
  for (let round = 0; round < rounds && again.length > 0; round++) {
    upTo = await bring()
    again = await look(again)
    await step()
  }
  return differences

  async function missingIn(windows: readonly RollupDocument[]): Promise<RollupDocument[]> {
    const fresh = await store.read(
      'rollups',
      windows.map((window) => idIn(window, set)),
    )
    return windows.filter((_, i) => !fresh[i])
  }
}

/** What tells of the order of arrival, or of the set. */
const aside = new Set(['id', 'o', 'set', 'revision', 'revisedAt'])

function fieldsOf(stored: RollupDocument | null, made: RollupDocument | null): string[] {
  if (!stored) return made ? ['missing'] : []
  if (!made) return ['no readings']
  const names = new Set([...Object.keys(stored), ...Object.keys(made)] as (keyof RollupDocument)[])
  return [...names].filter((name) => !aside.has(name) && !isEqual(stored[name], made[name]))
}

/** Plain values of any depth. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [these, those] = [Object.entries(a), b as Record<string, unknown>]
  return (
    these.length === Object.keys(those).length &&
    these.every(([key, value]) => Object.hasOwn(those, key) && isEqual(value, those[key]))
  )
}
