import { flagWords, fromThousandths, isInvalid } from '@barograph/proto'
import { type Entry, entryLimits, type EntryStore, readEntries } from './entries.ts'
import type { ExportMetric, Source } from './sources.ts'
import { collectRows, type Column, type Rows, type Value } from './table.ts'

const before: readonly Column[] = [
  { name: 'device', type: 'text', isAlways: true },
  { name: 'sensor', type: 'text', isAlways: true },
  { name: 'time', type: 'time', isAlways: true },
  { name: 'local_time', type: 'local', isAlways: true },
  { name: 'time_zone', type: 'text', isAlways: true },
  { name: 'kind', type: 'text', isAlways: true },
]
const behind: readonly Column[] = [
  { name: 'quarantined', type: 'text', isAlways: false },
  { name: 'code', type: 'text', isAlways: false },
  { name: 'detail', type: 'text', isAlways: false },
  { name: 'epoch', type: 'text', isAlways: true },
  { name: 'seq', type: 'integer', isAlways: true },
]

/** A column for each metric's value and one for its flag, between those that every entry has. */
export function rawColumns(metrics: readonly ExportMetric[]): Column[] {
  const taken = new Set([...before, ...behind].map(({ name }) => name))
  const own = metrics.flatMap(({ name: wanted, unit }): Column[] => {
    // Many readers do not tell capitals from small letters.
    let name = wanted
    while (taken.has(name.toLowerCase())) name += '_'
    taken.add(name.toLowerCase())
    return [
      { name, type: 'number', isAlways: false, unit },
      { name: `${name}_flag`, type: 'text', isAlways: false },
    ]
  })
  return [...before, ...own, ...behind]
}

export interface RawOptions {
  readonly metrics: readonly ExportMetric[]
  /** Only readings that have one of the metrics, and no marks. */
  readonly isChosen: boolean
  readonly rowsPerBatch: number
  /** Lets others work between two pages. */
  readonly pause: () => Promise<void>
  readonly bounds?: { readonly [K in keyof typeof entryLimits]: number }
}

/** The raw entries of these sensors, one after the other, each by time. */
export async function* rawRows(
  store: EntryStore,
  sources: readonly Source[],
  { metrics, isChosen, rowsPerBatch, pause, bounds = entryLimits }: RawOptions,
): AsyncGenerator<Rows> {
  const keys = metrics.map(({ key }) => key)
  const rows = collectRows(rawColumns(metrics).length)
  let sincePause = 0
  for (const source of sources) {
    const rowOf = createRowOf(source)
    for await (const entries of readEntries(store, { ...source, keys }, bounds)) {
      for (const entry of entries) {
        if (isChosen && (entry.mark || entry.values.every((value) => value === null))) continue
        rows.add(rowOf(entry))
        if (rows.count >= rowsPerBatch) yield rows.take()
      }
      sincePause += entries.length
      if (sincePause < rowsPerPause) continue
      sincePause = 0
      await pause()
    }
  }
  if (rows.count > 0) yield rows.take()
}

const rowsPerPause = 2_048

function createRowOf({ device, sensor, zoneAt }: Source): (entry: Entry) => Value[] {
  let stretch = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, offsetMs: 0, zone: '' }
  /** The offset holds until the zone changes it or the site changes the zone. */
  function stretchAt(time: number): typeof stretch {
    if (time >= stretch.from && time < stretch.to) return stretch
    const { zone, from, to } = zoneAt(time)
    const segment = zone.segmentAt(time)
    stretch = {
      from: Math.max(from, segment.from),
      to: Math.min(to, segment.to),
      offsetMs: segment.offsetMs,
      zone: zone.name,
    }
    return stretch
  }
  return ({ time, epoch, seq, values, flags, mark, quarantined }) => {
    const { offsetMs, zone } = stretchAt(time)
    const row: Value[] = [device, sensor, time, time + offsetMs, zone, mark?.kind ?? 'reading']
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? null
      const flag = flags?.[i] ?? 0
      row.push(value === null ? null : fromThousandths(value), flag === 0 ? null : flagText(flag))
    }
    row.push(quarantined, mark?.code ?? null, mark?.detail ?? null, epoch, seq)
    return row
  }
}

const flagText = (flag: number): string => `${isInvalid(flag) ? 'invalid' : 'suspect'}: ${flagWords(flag)}`
