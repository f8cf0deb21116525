import { describe, expect, test } from 'vitest'
import type { HandedOut } from '../ledger/line.ts'
import { judge, type Evidence } from './judge.ts'
import {
  epochKey,
  type StoreContent,
  type StoredEpoch,
  type StoredReading,
  type StoredWindow,
} from './store.ts'

const stream = 'roof/fast'
const epoch = '00000000000000aa'
const start = Date.UTC(2026, 2, 8, 6, 0, 0)
const at = (number: number): number => start + number * 1_000
const thousandths = (number: number): number => number * 10

const handedOut = (number: number): HandedOut => ({
  stream,
  number,
  at: at(number),
  thousandths: thousandths(number),
  handedOutAt: at(number),
})

/** Number n is stored as sequence number n + 1: the first is the start of the sensor. */
const reading = (number: number, more: Partial<StoredReading> = {}): StoredReading => ({
  stream,
  epoch,
  seq: number + 1,
  time: at(number),
  number,
  thousandths: thousandths(number),
  counts: true,
  ...more,
})

const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

const epochOf = (more: Partial<StoredEpoch> = {}): StoredEpoch => ({
  stream,
  epoch,
  stored: [1, 10],
  twice: [],
  declared: [],
  last: 10,
  ...more,
})

/** The only windows looked at: of 10 s. */
function windowsOf(readings: readonly StoredReading[]): StoredWindow[] {
  return [...Map.groupBy(readings, ({ time }) => Math.floor(time / 10_000) * 10_000)].map(([from, group]) => {
    const values = group.map((one) => one.thousandths)
    const timeOf = (value: number): number => group.find((one) => one.thousandths === value)?.time ?? 0
    const [min, max] = [Math.min(...values), Math.max(...values)]
    const figures = {
      count: group.length,
      sum: values.reduce((a, b) => a + b, 0),
      min,
      minAt: timeOf(min),
      max,
      maxAt: timeOf(max),
      first: group[0]?.thousandths ?? 0,
      last: group.at(-1)?.thousandths ?? 0,
    }
    return {
      stream,
      level: '10s',
      start: from,
      end: from + 10_000,
      timeZone: 'UTC',
      received: group.length,
      figures,
    }
  })
}

interface Case {
  readonly readings: readonly StoredReading[]
  readonly epoch?: Partial<StoredEpoch>
  readonly windows?: readonly StoredWindow[]
  readonly evidence?: Partial<Evidence>
}

function counts({ readings, epoch: epochMore, windows, evidence }: Case) {
  const store: StoreContent = {
    readings,
    epochs: new Map([[epochKey(stream, epoch), epochOf(epochMore)]]),
    windows: windows ?? windowsOf(readings.filter((one) => one.counts)),
  }
  const verdict = judge({
    ledger: numbers(1, 9).map(handedOut),
    store,
    witnesses: [],
    onTheWay: [],
    disturbances: [],
    zoneOf: () => 'UTC',
    ...evidence,
  })
  const { doubled, declaredLost, notAccepted, silentlyLost, altered, wrongWindows } = verdict
  return {
    doubled: doubled.length,
    declaredLost: declaredLost.length,
    notAccepted: notAccepted.length,
    silentlyLost: silentlyLost.length,
    altered: altered.length,
    // Longer windows are not in these stores.
    wrongWindows: wrongWindows.filter(({ level }) => level === '10s').length,
  }
}

const clean = { doubled: 0, declaredLost: 0, notAccepted: 0, silentlyLost: 0, altered: 0, wrongWindows: 0 }
const all = numbers(1, 9).map((number) => reading(number))
const disturbed = { disturbances: [{ device: 'roof', from: at(5), to: at(6) }] }

describe('the judge', () => {
  test('finds nothing where every reading is stored once', () => {
    expect(counts({ readings: all })).toEqual(clean)
  })

  test('a reading under two numbers is doubled, and so is a number that is twice in the buckets', () => {
    const again = [...all, reading(3, { epoch: '00000000000000bb', seq: 1 })]
    expect(counts({ readings: again })).toMatchObject({ doubled: 1 })
    expect(counts({ readings: all, epoch: { twice: [4, 5] } })).toMatchObject({ doubled: 2 })
  })

  test('a number that is neither stored nor declared is silently lost, even if its reading was', () => {
    const without = all.filter(({ number }) => number !== 5)
    const stored = [1, 5, 7, 10]
    expect(counts({ readings: without, epoch: { stored }, evidence: disturbed })).toMatchObject({
      silentlyLost: 1,
    })
    expect(counts({ readings: without, epoch: { stored, declared: [6, 6] } })).toEqual({
      ...clean,
      declaredLost: 1,
    })
  })

  test('a reading that got no number is silently lost, unless its agent was in trouble just then', () => {
    // Number 4 was never accepted: the ones after it are numbered one lower.
    const without = all
      .filter(({ number }) => number !== 4)
      .map((one) => (one.number > 4 ? { ...one, seq: one.number } : one))
    const epochMore = { stored: [1, 9], last: 9 }
    expect(counts({ readings: without, epoch: epochMore })).toEqual({ ...clean, silentlyLost: 1 })
    expect(counts({ readings: without, epoch: epochMore, evidence: disturbed })).toEqual({
      ...clean,
      notAccepted: 1,
    })
    const elsewhere = { disturbances: [{ device: 'cellar', from: at(5), to: at(6) }] }
    expect(counts({ readings: without, epoch: epochMore, evidence: elsewhere })).toMatchObject({
      silentlyLost: 1,
    })
  })

  test('what a dead buffer held and nobody ever stored is silently lost, whatever its agent says later', () => {
    const early = all.filter(({ number }) => number <= 6)
    const epochMore = { stored: [1, 7], last: 7 }
    const witness = { stream, epoch, lastSeq: 9, rows: [8, 9] }
    expect(
      counts({ readings: early, epoch: epochMore, evidence: { witnesses: [witness], ...disturbed } }),
    ).toMatchObject({
      silentlyLost: 2,
    })
    expect(
      counts({
        readings: early,
        epoch: epochMore,
        evidence: {
          witnesses: [witness],
          onTheWay: [witness],
          disturbances: [{ device: 'roof', from: at(8), to: at(9) }],
        },
      }),
    ).toMatchObject({ silentlyLost: 0 })
  })

  test('a value that was never handed out is altered', () => {
    const changed = all.map((one) => (one.number === 2 ? { ...one, thousandths: 21 } : one))
    expect(counts({ readings: changed })).toMatchObject({ altered: 1 })
  })

  test('a window that is not what its readings come to is wrong, and so is a missing one', () => {
    const [window] = windowsOf(all)
    if (!window) throw new Error('no window')
    const folded = { ...window, figures: { ...window.figures, sum: window.figures.sum * 2 } }
    expect(counts({ readings: all, windows: [folded] })).toMatchObject({ wrongWindows: 1 })
    expect(counts({ readings: all, windows: [{ ...window, received: 10 }] })).toMatchObject({
      wrongWindows: 1,
    })
    expect(counts({ readings: all, windows: [] })).toMatchObject({ wrongWindows: 1 })
    const cut = { ...window, end: window.end - 1 }
    expect(counts({ readings: all, windows: [cut] })).toMatchObject({ wrongWindows: 1 })
  })

  test('what waits for its release is in no window', () => {
    const quarantined = all.map((one) => (one.number === 9 ? { ...one, counts: false } : one))
    expect(counts({ readings: quarantined })).toEqual(clean)
    expect(counts({ readings: quarantined, windows: windowsOf(all) })).toMatchObject({ wrongWindows: 1 })
  })
})
