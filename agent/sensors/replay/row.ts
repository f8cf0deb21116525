import { CsvError, parse } from 'csv-parse/sync'
import type { Value } from '../../core/sensor.ts'
import { quote } from '../fault.ts'
import type { Instant } from '../local-time.ts'
import { instantOfPieces, parseTime } from '../time-rule.ts'
import { toValue, valueRule, type ValueRule } from '../value-rule.ts'
import type { ReplayConfig } from './config.ts'

/** The configuration, bound to the columns of a file. */
export interface RowPlan {
  readonly fieldCount: number
  readonly where: readonly { readonly index: number; readonly allowed: ReadonlySet<string> }[]
  readonly values: readonly (ValueRule & { readonly index: number; readonly column: string })[]
  readonly missing: ReadonlySet<string>
  readonly decimal: '.' | ','
  readonly timeColumns: string
  readonly timeIndexes: readonly number[]
  timeOf(fields: readonly string[], previousMs: number | null): Instant
}

/** What a row says: its time and values, and each thing wrong with it as a sentence. Null time: not to be used. */
export interface Row {
  readonly timeMs: number | null
  readonly values: readonly Value[]
  readonly problems: readonly string[]
}

const skipped: Row = { timeMs: null, values: [], problems: [] }

/** The plan for a file with these columns, or the first column that it lacks. */
export function planRows(
  config: ReplayConfig,
  columns: readonly string[],
): RowPlan | { missingColumn: string } {
  const names = columns.map((name) => name.trim())
  const needed = columnsOf(config)
  const missingColumn = needed.find((name) => !names.includes(name))
  if (missingColumn !== undefined) return { missingColumn }
  const indexOf = (name: string): number => names.indexOf(name)
  return {
    fieldCount: columns.length,
    where: Object.entries(config.where).map(([name, allowed]) => ({
      index: indexOf(name),
      allowed: new Set((Array.isArray(allowed) ? allowed : [allowed]).map(String)),
    })),
    values: Object.entries(config.values).map(([name, { column, ...options }]) => ({
      ...valueRule(name, options),
      column,
      index: indexOf(column),
    })),
    missing: new Set(['', ...config.missing]),
    decimal: config.decimal,
    timeColumns: timeColumnsOf(config).join(', '),
    timeIndexes: timeColumnsOf(config).map(indexOf),
    timeOf: planTime(config, indexOf),
  }
}

function timeColumnsOf({ time }: ReplayConfig): string[] {
  return 'column' in time ? [time.column] : Object.values(time.columns).filter((name) => name !== undefined)
}

function columnsOf(config: ReplayConfig): string[] {
  const values = Object.values(config.values).map(({ column }) => column)
  return [...timeColumnsOf(config), ...Object.keys(config.where), ...values]
}

function planTime({ time }: ReplayConfig, indexOf: (name: string) => number): RowPlan['timeOf'] {
  if ('column' in time) {
    const index = indexOf(time.column)
    return (fields, previousMs) => parseTime((fields[index] ?? '').trim(), time, previousMs)
  }
  const { year, month, day, hour, minute, second } = time.columns
  const indexes = [year, month, day, hour, minute, second].map((name) =>
    name === undefined ? -1 : indexOf(name),
  )
  return (fields, previousMs) =>
    instantOfPieces(
      indexes.map((index) => (index < 0 ? undefined : (fields[index] ?? ''))),
      time.timeZone,
      previousMs,
    )
}

/** Fields of records, each text one record; null where a text is no record. */
export function parseRecords(texts: readonly string[], delimiter: string): (string[] | null)[] {
  // One call for all is many times faster; one by one only where something is wrong.
  const all = parseText(texts.join('\n'), delimiter)
  if (all?.length === texts.length) return all
  return texts.map((text) => {
    const records = parseText(text, delimiter)
    return records?.length === 1 ? (records[0] ?? null) : null
  })
}

function parseText(text: string, delimiter: string): string[][] | null {
  try {
    return parse(text, { delimiter, relax_column_count: true, skip_empty_lines: true })
  } catch (error) {
    if (error instanceof CsvError) return null
    throw error
  }
}

const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** Reads one row; `null` fields are of a record that could not be taken apart. */
export function readRow(plan: RowPlan, fields: readonly string[] | null, previousMs: number | null): Row {
  if (!fields) return { ...skipped, problems: ['quotes that do not match'] }
  if (fields.length !== plan.fieldCount)
    return { ...skipped, problems: [`${fields.length} fields instead of ${plan.fieldCount}`] }
  if (plan.where.some(({ index, allowed }) => !allowed.has((fields[index] ?? '').trim()))) return skipped
  const instant = plan.timeOf(fields, previousMs)
  if ('problem' in instant) {
    const shown = plan.timeIndexes.map((index) => (fields[index] ?? '').trim()).join(' ')
    return { ...skipped, problems: [`column ${plan.timeColumns}: ${quote(shown)} ${instant.problem}`] }
  }
  const values: Value[] = []
  const problems: string[] = []
  for (const rule of plan.values) {
    const text = (fields[rule.index] ?? '').trim()
    if (plan.missing.has(text)) continue
    const value = readNumber(text, plan.decimal, rule)
    if (value) values.push(value)
    else problems.push(`column ${rule.column}: ${quote(text)} is no number for ${rule.metric.name}`)
  }
  return { timeMs: instant.ms, values, problems }
}

function readNumber(text: string, decimal: '.' | ',', rule: ValueRule): Value | null {
  const plain = decimal === ',' ? text.replaceAll('.', '').replace(',', '.') : text
  return numberPattern.test(plain) ? toValue(rule, Number(plain)) : null
}
