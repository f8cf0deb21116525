import type { FleetOptions } from './fleet-options.ts'
import type { DeviceLedger } from './ledger.ts'

const columns = ['accepted', 'late', 'doubled', 'lost', 'stored', 'refused', 'left'] as const

/** The ledger as a table with its sums. */
export function formatLedger(ledgers: readonly DeviceLedger[]): string {
  const total = columns.map((column) => ledgers.reduce((sum, ledger) => sum + ledger[column], 0))
  const rows = [
    ['device', ...columns],
    ...ledgers.map((ledger) => [ledger.device, ...columns.map((column) => ledger[column])]),
    ['all', ...total],
  ].map((row) => row.map(String))
  const widths = [...columns, ''].map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n')
}

/** The ledger for machines, with every window of 10 s. */
export function ledgerJson(options: FleetOptions, ledgers: readonly DeviceLedger[]): string {
  const { rate, seed, late, duplicate, gap } = options
  return JSON.stringify({ rate, seed, late, duplicate, gap, devices: ledgers })
}
