import type { Level, Position, RollupDocument, StoredFigures, StoredPart } from './documents.ts'
import { addFigures, addPart, type Figures, noFigures } from './figures.ts'
import { rollupId } from './identity.ts'
import { isKept, partLevel, type Window } from './windows.ts'

type WindowFigures = Figures & { parts?: StoredPart[] }

/** A window's document in the form that the fold changes. */
export type Rollup = { -readonly [K in keyof RollupDocument]: RollupDocument[K] } & {
  readonly metrics: Record<string, WindowFigures>
}

/** What some readings of one stream within one instant's windows come to. */
export interface Contribution {
  readonly received: number
  readonly intervalMs: number
  /** By metric key. */
  readonly figures: ReadonlyMap<string, StoredFigures>
}

export interface RollupKey {
  readonly device: string
  readonly sensor: string
  readonly level: Level
  readonly set: number
  readonly window: Window
  readonly timeZone: string
}

export function newRollup({ device, sensor, level, set, window, timeZone }: RollupKey, o: Position): Rollup {
  return {
    id: rollupId(device, sensor, level, window.start, set),
    o,
    device,
    sensor,
    level,
    ...(set === 0 ? {} : { set }),
    ...window,
    timeZone,
    revision: 0,
    received: 0,
    coveredMs: 0,
    sealed: false,
    metrics: {},
  }
}

/** The stored form and the changing form are the same object shape: the owner of the cache holds the only reference. */
export function rollupFrom(document: RollupDocument): Rollup {
  return document as Rollup
}

/** Adds readings that the window does not hold yet. `partStart`: of the shorter window they fall into. */
export function contribute(
  rollup: Rollup,
  { received, intervalMs, figures }: Contribution,
  partStart: number,
): void {
  rollup.received += received
  rollup.coveredMs += received * intervalMs
  const part = partLevel[rollup.level]
  const keepsParts = part !== undefined && isKept(part, intervalMs)
  for (const [key, more] of figures) {
    let into = rollup.metrics[key]
    if (!into) {
      into = noFigures(more)
      rollup.metrics[key] = into
    }
    addFigures(into, more)
    if (keepsParts) {
      into.parts ??= []
      addPart(into.parts, partStart, more)
    }
  }
}
