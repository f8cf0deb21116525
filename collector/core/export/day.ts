import { has, type RangeSet } from '@barograph/proto'
import { rawColumns, rawRows } from './raw.ts'
import type { ExportStore } from './read.ts'
import { type ExportMetric, findSources } from './sources.ts'
import type { Column, Rows, Value } from './table.ts'
import { windowColumns, windowRows } from './windows.ts'

const dayMs = 86_400_000

/** What a store holds of a device's day by UTC, and what of an older file of that day it has forgotten. */
export interface DayRows {
  readonly columns: readonly Column[]
  readonly rows: AsyncGenerator<Rows>
  /** Passes the rows on, and keeps the note of what they hold. */
  noting(columns: readonly Column[], rows: AsyncIterable<Rows>): AsyncGenerator<Rows>
  /** What an older file has said in its notes: may there be a row in it that the store has forgotten? */
  mayForget(notes: Readonly<Record<string, string>>): boolean
  /** Was a row of an older file, by column, forgotten by the store (and not just changed)? */
  isForgotten(row: Readonly<Record<string, Value>>): boolean
  /** What a file says of the rows that were passed on. */
  notes(): Record<string, string>
}

/** Numbers of each epoch, or starts of the windows of each sensor, that a file holds: first and last. */
type Span = readonly [first: number, last: number]
type Spans = Readonly<Record<string, Span>>
const note = 'barograph.holds'

export async function readDay(
  store: ExportStore,
  { kind, device, date }: { readonly kind: 'raw' | '10s'; readonly device: string; readonly date: string },
  options: { readonly rowsPerBatch: number; readonly pause: () => Promise<void> },
): Promise<DayRows> {
  const from = Date.parse(`${date}T00:00:00Z`)
  const { sources, metrics } = await findSources(store, {
    level: kind,
    devices: [device],
    sensors: null,
    metrics: null,
    from: { ms: from, isDate: false },
    to: { ms: from + dayMs, isDate: false },
  })
  return kind === 'raw'
    ? rawDay(
        metrics,
        rawRows(store, sources, { metrics, isChosen: false, ...options }),
        await expiredOf(store, device),
      )
    : windowDay(
        windowRows(store, sources, { level: kind, isChosen: false, ...options }),
        await expiredBeforeOf(store, device),
      )
}

/** By `sensor/epoch`: numbers whose raw entries are gone. */
async function expiredOf(store: ExportStore, device: string): Promise<ReadonlyMap<string, RangeSet>> {
  const epochs = await store.epochs(device)
  return new Map(epochs.map(({ sensor, epoch, expired }) => [`${sensor}/${epoch}`, expired]))
}

/** By sensor: windows up to this end are gone. */
async function expiredBeforeOf(store: ExportStore, device: string): Promise<ReadonlyMap<string, number>> {
  const streams = await store.streams(device)
  return new Map(
    streams.map(({ sensor, expiredBefore }) => [sensor, expiredBefore['10s'] ?? Number.NEGATIVE_INFINITY]),
  )
}

function rawDay(
  metrics: readonly ExportMetric[],
  rows: AsyncGenerator<Rows>,
  expired: ReadonlyMap<string, RangeSet>,
): DayRows {
  return {
    columns: rawColumns(metrics),
    rows,
    ...createNote((row) => [`${row('sensor')}/${row('epoch')}`, Number(row('seq'))]),
    // An epoch that the store knows nothing of is of another store.
    mayForget: (notes) =>
      Object.entries(spansIn(notes)).some(([key, [first, last]]) => {
        const gone = expired.get(key)
        return gone === undefined || meets(gone, first, last)
      }),
    isForgotten: ({ sensor, epoch, seq }) => {
      const gone = expired.get(`${sensor}/${epoch}`)
      return gone === undefined || has(gone, Number(seq))
    },
  }
}

function windowDay(rows: AsyncGenerator<Rows>, expiredBefore: ReadonlyMap<string, number>): DayRows {
  const isGone = (sensor: string, end: number): boolean =>
    end <= (expiredBefore.get(sensor) ?? Number.POSITIVE_INFINITY)
  return {
    columns: windowColumns,
    rows,
    ...createNote((row) => [String(row('sensor')), Number(row('end'))]),
    mayForget: (notes) => Object.entries(spansIn(notes)).some(([sensor, [first]]) => isGone(sensor, first)),
    isForgotten: ({ sensor, end }) => isGone(String(sensor), Number(end)),
  }
}

/** Does the set hold a number from first to last? */
function meets(set: RangeSet, first: number, last: number): boolean {
  for (let i = 0; i < set.length; i += 2)
    if ((set[i] as number) <= last && (set[i + 1] as number) >= first) return true
  return false
}

function createNote(
  keyOf: (row: (name: string) => Value) => readonly [key: string, number: number],
): Pick<DayRows, 'noting' | 'notes'> {
  const spans = new Map<string, Span>()
  return {
    async *noting(columns, rows) {
      const at = new Map(columns.map(({ name }, i) => [name, i]))
      for await (const batch of rows) {
        for (let i = 0; i < batch.count; i++) {
          const [key, number] = keyOf((name) => batch.columns[at.get(name) ?? -1]?.[i] ?? null)
          const [first, last] = spans.get(key) ?? [number, number]
          if (number <= first || number >= last)
            spans.set(key, [Math.min(first, number), Math.max(last, number)])
        }
        yield batch
      }
    },
    notes: () => ({ [note]: JSON.stringify(Object.fromEntries(spans)) }),
  }
}

/** Nothing where another program has written the file. */
function spansIn(notes: Readonly<Record<string, string>>): Spans {
  const text = notes[note]
  return text === undefined ? {} : (JSON.parse(text) as Spans)
}
