import {
  addExact,
  addRange,
  divideRounded,
  emptySet,
  fromThousandths,
  has,
  intersect,
  type RangeSet,
  sizeOf,
  subtract,
  union,
} from '@barograph/proto'
import type { NumberedEntry } from '../core/buffer.ts'

/** Width of the windows that the ledger keeps, the finest that the collector keeps. */
export const windowMs = 10_000

/** What one device did, in readings: accepted = stored + lost + refused + left. */
export interface DeviceLedger {
  readonly device: string
  readonly epoch: string
  readonly accepted: number
  /** Accepted when their window was over. */
  readonly late: number
  readonly doubled: number
  readonly lost: number
  readonly stored: number
  readonly refused: number
  /** Not known to be stored. */
  readonly left: number
  readonly windows: readonly LedgerWindow[]
}

/** What the collector must show for one window: lost readings are not in it. */
export interface LedgerWindow {
  readonly start: string
  readonly count: number
  readonly temperature: { readonly sumThousandths: number; readonly mean: number }
  readonly humidity: { readonly sumThousandths: number; readonly mean: number }
  readonly battery: { readonly min: number; readonly max: number }
}

interface Sums {
  count: number
  temperature: number | bigint
  humidity: number | bigint
  batteryMin: number
  batteryMax: number
}

/** Counts what one device's buffer commits and settles. */
export interface LedgerKeeper {
  accept(entries: readonly NumberedEntry[], lost: RangeSet, late: (timeMs: number) => boolean): void
  settle(stored: RangeSet, refused: RangeSet): void
  report(parts: { device: string; epoch: string; doubled: number }): DeviceLedger
}

/** A ledger; without `keepWindows` its memory does not grow. */
export function createLedger({ keepWindows }: { keepWindows: boolean }): LedgerKeeper {
  const windows = new Map<number, Sums>()
  let readings: RangeSet = emptySet
  let lost: RangeSet = emptySet
  let stored: RangeSet = emptySet
  let refused: RangeSet = emptySet
  let late = 0

  function count(entry: NumberedEntry): void {
    const start = Math.floor(entry.time / windowMs) * windowMs
    const [temperature = 0, humidity = 0, battery = 0] = entry.values.map(({ thousandths }) => thousandths)
    const sums = windows.get(start) ?? {
      count: 0,
      temperature: 0,
      humidity: 0,
      batteryMin: battery,
      batteryMax: battery,
    }
    windows.set(start, {
      count: sums.count + 1,
      temperature: addExact(sums.temperature, temperature),
      humidity: addExact(sums.humidity, humidity),
      batteryMin: Math.min(sums.batteryMin, battery),
      batteryMax: Math.max(sums.batteryMax, battery),
    })
  }

  return {
    accept(entries, lostNumbers, isLate) {
      for (const entry of entries) {
        if (entry.mark) continue
        readings = addRange(readings, entry.seq, entry.seq)
        if (isLate(entry.time)) late += 1
        if (has(lostNumbers, entry.seq)) lost = addRange(lost, entry.seq, entry.seq)
        else if (keepWindows) count(entry)
      }
    },
    settle(storedNumbers, refusedNumbers) {
      const own = (set: RangeSet): RangeSet => subtract(intersect(set, readings), lost)
      stored = union(stored, own(storedNumbers))
      refused = union(refused, subtract(own(refusedNumbers), stored))
    },
    report: ({ device, epoch, doubled }) => ({
      device,
      epoch,
      accepted: sizeOf(readings),
      late,
      doubled,
      lost: sizeOf(lost),
      stored: sizeOf(stored),
      refused: sizeOf(refused),
      left: sizeOf(readings) - sizeOf(lost) - sizeOf(stored) - sizeOf(refused),
      windows: [...windows].sort(([a], [b]) => a - b).map(makeWindow),
    }),
  }
}

function makeWindow([start, sums]: [number, Sums]): LedgerWindow {
  const level = (sum: number | bigint) => ({
    sumThousandths: Number(sum),
    mean: fromThousandths(divideRounded(sum, sums.count)),
  })
  return {
    start: new Date(start).toISOString(),
    count: sums.count,
    temperature: level(sums.temperature),
    humidity: level(sums.humidity),
    battery: { min: fromThousandths(sums.batteryMin), max: fromThousandths(sums.batteryMax) },
  }
}
