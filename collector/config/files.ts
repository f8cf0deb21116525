import { resolve } from 'node:path'
import { isCoded, metricByName } from '@barograph/proto'
import type { ConfigIssue } from '@barograph/proto/config'
import { requireFit } from '../core/statistics/fit.ts'
import type { StatisticsOf } from '../core/statistics/of.ts'
import type { ConfigFile } from './schema.ts'

/** What is written beside the store, for programs that read files. */
export interface FilesConfig {
  /** null: no statistics. */
  readonly stats: { readonly folder: string; readonly metric: string; readonly of: StatisticsOf } | null
  /** The path of latest.json; null: none. */
  readonly latest: string | null
  /** The folder for Parquet; null: none. */
  readonly parquet: string | null
  readonly everyMs: number
}

/** Is anything to be written? */
export const writesFiles = ({ stats, latest, parquet }: FilesConfig): boolean =>
  stats !== null || latest !== null || parquet !== null

export function checkFiles({ statsMetric, statsOf }: ConfigFile['files']): ConfigIssue[] {
  try {
    requireFit(statsOf, statsMetric, metricByName(statsMetric)?.kind)
    return []
  } catch (error) {
    if (!isCoded(error)) throw error
    return [
      {
        path: ['files', statsOf === undefined ? 'statsMetric' : 'statsOf'],
        message: error.message,
        allowed: error.hint ?? '',
      },
    ]
  }
}

export function resolveFiles(
  { stats, statsMetric: metric, statsOf, latest, parquet, everyMs }: ConfigFile['files'],
  folder: string,
): FilesConfig {
  const placeOf = (path: string | undefined): string | null =>
    path === undefined ? null : resolve(folder, path)
  const others = { latest: placeOf(latest), parquet: placeOf(parquet), everyMs }
  if (stats === undefined) return { stats: null, ...others }
  const of = requireFit(statsOf, metric, metricByName(metric)?.kind)
  return { stats: { folder: resolve(folder, stats), metric, of }, ...others }
}
