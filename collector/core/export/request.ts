import { CodedError } from '@barograph/proto'
import { type Level, levels } from '../documents.ts'
import { type PlotTime, plotTimeOf } from '../plot/request.ts'

export type ExportLevel = 'raw' | Level
/** Raw readings, or windows. */
export const exportLevels: readonly ExportLevel[] = ['raw', ...levels]

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** What somebody wants to have. */
export interface ExportRequest {
  readonly level: ExportLevel
  /** null: all. */
  readonly devices: readonly string[] | null
  readonly sensors: readonly string[] | null
  readonly metrics: readonly string[] | null
  /** from <= time < to, of windows their start; a date is the one at the device's site; null: all there is. */
  readonly from: PlotTime | null
  readonly to: PlotTime | null
}

/** `a,b,c`, each once. */
export const namesOf = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  ),
]

/** A date, or a time with its zone; null: neither. */
export const exportTimeOf: (text: string) => PlotTime | null = plotTimeOf

export const badExport = (message: string, allowed: string): CodedError =>
  new CodedError('bad-export', message, { hint: allowed })
