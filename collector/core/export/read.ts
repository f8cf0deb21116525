import { sizeOf, subtract } from '@barograph/proto'
import type { Store } from '../store.ts'
import { rawColumns, rawRows } from './raw.ts'
import type { ExportRequest } from './request.ts'
import { findSources, type Source } from './sources.ts'
import type { Column, Rows } from './table.ts'
import { windowColumns, windowRows } from './windows.ts'

export type ExportStore = Pick<
  Store,
  'read' | 'devices' | 'streams' | 'epochs' | 'rollups' | 'buckets' | 'changes' | 'newestChange' | 'life'
>

/** What was asked for, on its way. */
export interface Export {
  readonly columns: readonly Column[]
  /** By device and sensor, then by time. */
  readonly rows: AsyncGenerator<Rows>
  /** About how many rows there will be; null: nobody knows. */
  readonly expected: number | null
}

export interface ExportOptions {
  /** Held in memory at once. */
  readonly rowsPerBatch: number
  readonly pause: () => Promise<void>
}

/**
 * Reads readings or windows, however many, and holds few. Rejects with `unknown-device`, `unknown-sensor`, `unknown-metric` or
 * `bad-export`; the rows may end with `store-rebuilt`.
 */
export async function readExport(
  store: ExportStore,
  request: ExportRequest,
  options: ExportOptions,
): Promise<Export> {
  const { level, metrics: wanted } = request
  const { sources, metrics } = await findSources(store, request)
  const isChosen = wanted !== null
  if (level !== 'raw')
    return {
      columns: windowColumns,
      rows: windowRows(store, sources, { level, isChosen, ...options }),
      expected: null,
    }
  return {
    columns: rawColumns(metrics),
    rows: rawRows(store, sources, { metrics, isChosen, ...options }),
    expected: isChosen || request.from || request.to ? null : await countEntries(store, sources),
  }
}

/** Numbers whose raw entries are there, and a few that were condensed. */
async function countEntries(store: Pick<Store, 'epochs'>, sources: readonly Source[]): Promise<number> {
  let count = 0
  for (const { device, sensor } of sources)
    for (const { seen, expired } of await store.epochs(device, sensor))
      count += sizeOf(subtract(seen, expired))
  return count
}
