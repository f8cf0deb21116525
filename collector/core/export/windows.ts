import { CodedError, fromThousandths } from '@barograph/proto'
import type { Level, RollupDocument } from '../documents.ts'
import { coverageOf, expectedOf, figuresView } from '../rollup-view.ts'
import type { Store } from '../store.ts'
import { zoneOf } from '../zone.ts'
import type { ExportMetric, Source } from './sources.ts'
import { collectRows, type Column, type Rows, type Value } from './table.ts'

const always = (name: string, type: Column['type']): Column => ({ name, type, isAlways: true })
const maybe = (name: string, type: Column['type']): Column => ({ name, type, isAlways: false })

/** A row for each metric of each window. */
export const windowColumns: readonly Column[] = [
  always('device', 'text'),
  always('sensor', 'text'),
  always('level', 'text'),
  always('start', 'time'),
  always('end', 'time'),
  always('local_start', 'local'),
  always('time_zone', 'text'),
  always('revision', 'integer'),
  always('received', 'integer'),
  maybe('expected', 'integer'),
  maybe('coverage', 'number'),
  always('sealed', 'yes-no'),
  always('metric', 'text'),
  always('unit', 'text'),
  always('kind', 'text'),
  always('count', 'integer'),
  always('flagged', 'integer'),
  always('suspect', 'integer'),
  maybe('sum', 'number'),
  maybe('mean', 'number'),
  maybe('min', 'number'),
  maybe('min_at', 'time'),
  maybe('max', 'number'),
  maybe('max_at', 'time'),
  maybe('first', 'number'),
  maybe('last', 'number'),
  maybe('highest', 'number'),
  maybe('highest_start', 'time'),
  maybe('lowest', 'number'),
  maybe('lowest_start', 'time'),
]

/** Windows read at once. */
const page = 500

export type WindowStore = Pick<Store, 'rollups' | 'life'>

/** The windows of a level of these sensors, one sensor after the other, by start. Rejects with `store-rebuilt`. */
export async function* windowRows(
  store: WindowStore,
  sources: readonly Source[],
  {
    level,
    isChosen,
    rowsPerBatch,
    pause,
  }: {
    readonly level: Level
    /** Only windows that have one of the metrics. */
    readonly isChosen: boolean
    readonly rowsPerBatch: number
    readonly pause: () => Promise<void>
  },
): AsyncGenerator<Rows> {
  const rows = collectRows(windowColumns.length)
  const before = (await store.life())?.swaps
  for (const { device, sensor, from, to, metrics } of sources) {
    let cursor: string | null = null
    do {
      const found: Awaited<ReturnType<WindowStore['rollups']>> = await store.rollups({
        device,
        sensor,
        level,
        from,
        to,
        limit: page,
        ...(cursor === null ? {} : { cursor }),
      })
      for (const rollup of found.items)
        for (const row of rowsOf(rollup, metrics, isChosen)) {
          rows.add(row)
          if (rows.count >= rowsPerBatch) yield rows.take()
        }
      cursor = found.cursor
      await pause()
    } while (cursor !== null)
  }
  // Two halves of two sets would be neither.
  if ((await store.life())?.swaps !== before)
    throw new CodedError('store-rebuilt', 'Windows were rebuilt while they were read.', {
      retryable: true,
      hint: 'Run it again.',
    })
  if (rows.count > 0) yield rows.take()
}

function rowsOf(
  rollup: RollupDocument,
  metrics: ReadonlyMap<string, ExportMetric>,
  isChosen: boolean,
): Value[][] {
  const { device, sensor, level, start, end, timeZone, revision, received, sealed } = rollup
  const expected = expectedOf(rollup)
  const head: Value[] = [
    device,
    sensor,
    level,
    start,
    end,
    start + zoneOf(timeZone).segmentAt(start).offsetMs,
    timeZone,
    revision,
    received,
    expected,
    expected === null ? null : coverageOf(received, expected),
    sealed,
  ]
  return Object.entries(rollup.metrics)
    .filter(([key]) => !isChosen || metrics.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, figures]) => [
      ...head,
      metrics.get(key)?.name ?? key,
      figures.unit,
      figures.kind,
      figures.count,
      figures.flagged,
      figures.suspect,
      ...valuesOf(figures, level),
    ])
}

type StoredFigures = RollupDocument['metrics'][string]

/** sum, mean, the extremes, the ends, the highest and the lowest part. */
function valuesOf(figures: StoredFigures, level: Level): Value[] {
  const view = figuresView(figures, level)
  const isThere = figures.count > 0
  const hasExtremes = isThere && figures.kind !== 'direction'
  const parts = Object.entries(view).filter(([name]) => /^(highest|lowest)/.test(name)) as [
    string,
    { readonly start: string; readonly mean?: number; readonly sum?: number },
  ][]
  const partOf = (word: string): Value[] => {
    const [, part] = parts.find(([name]) => name.startsWith(word)) ?? []
    return part ? [part.mean ?? part.sum ?? null, Date.parse(part.start)] : [null, null]
  }
  return [
    figures.kind === 'direction' ? null : fromThousandths(figures.sum),
    'mean' in view ? view.mean : null,
    hasExtremes ? fromThousandths(figures.min) : null,
    hasExtremes ? figures.minAt : null,
    hasExtremes ? fromThousandths(figures.max) : null,
    hasExtremes ? figures.maxAt : null,
    isThere ? fromThousandths(figures.first) : null,
    isThere ? fromThousandths(figures.last) : null,
    ...partOf('highest'),
    ...partOf('lowest'),
  ]
}
