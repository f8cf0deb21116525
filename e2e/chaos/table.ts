import { type FaultName, faultNames } from '../faults.ts'
import type { Verdict } from './judge/judge.ts'
import type { ChaosReport, Occurrence } from './run.ts'

/** One line of the table of a run. */
export interface FaultRow {
  readonly fault: string
  readonly times: number
  readonly sent: number
  readonly stored: number
  readonly doubled: number
  readonly declaredLost: number
  readonly silentlyLost: number
  readonly wrongWindows: number
}

/** What went on while a fault lasted, and this long after it, is put down to it: agents and collector recover. */
const recoveryMs = 10_000

type Whether = (stream: string, from: number, to: number) => boolean

/** A row for each fault that happened, and one for the whole run. Faults overlap, so that rows do not add up to it. */
export function rowsOf(reports: readonly ChaosReport[]): FaultRow[] {
  const names = faultNames.filter((name) =>
    reports.some(({ occurrences }) => occurrences.some(({ fault }) => fault === name)),
  )
  const all: readonly (FaultName | null)[] = [...names, null]
  return all.map((name) => {
    const parts = reports.map(({ verdict, occurrences }) => {
      const own = occurrences.filter(({ fault }) => fault === name)
      const times = name === null ? occurrences.length : own.length
      return { times, ...countsOf(verdict, name === null ? () => true : during(own)) }
    })
    const sum = (key: keyof (typeof parts)[number]): number =>
      parts.reduce((total, part) => total + part[key], 0)
    return {
      fault: name ?? 'the whole run',
      times: sum('times'),
      sent: sum('sent'),
      stored: sum('stored'),
      doubled: sum('doubled'),
      declaredLost: sum('declaredLost'),
      silentlyLost: sum('silentlyLost'),
      wrongWindows: sum('wrongWindows'),
    }
  })
}

function countsOf(verdict: Verdict, isIn: Whether): Omit<FaultRow, 'fault' | 'times'> {
  const count = (findings: readonly { stream: string; at: number }[]): number =>
    findings.filter(({ stream, at }) => isIn(stream, at, at)).length
  const stored = new Set(verdict.stored.map(({ stream, number }) => `${stream} ${number}`))
  const sent = verdict.sent.filter(({ stream, handedOutAt }) => isIn(stream, handedOutAt, handedOutAt))
  return {
    sent: sent.length,
    stored: sent.filter(({ stream, number }) => stored.has(`${stream} ${number}`)).length,
    // A reading that is not what was handed out is one too many, too.
    doubled: count(verdict.doubled) + count(verdict.altered),
    declaredLost: count(verdict.declaredLost),
    silentlyLost: count(verdict.silentlyLost),
    wrongWindows: verdict.wrongWindows.filter(({ stream, start, end }) => isIn(stream, start, end)).length,
  }
}

function during(own: readonly Occurrence[]): Whether {
  return (stream, from, to) =>
    own.some(
      (one) =>
        one.devices.some((device) => stream.startsWith(`${device}/`)) &&
        to >= one.from &&
        from <= one.to + recoveryMs,
    )
}

const columns: readonly (readonly [string, keyof FaultRow])[] = [
  ['fault', 'fault'],
  ['times', 'times'],
  ['readings sent', 'sent'],
  ['stored', 'stored'],
  ['doubled', 'doubled'],
  ['declared lost', 'declaredLost'],
  ['silently lost', 'silentlyLost'],
  ['wrong windows', 'wrongWindows'],
]

/** The rows in columns, for a terminal. */
export function formatRows(rows: readonly FaultRow[]): string {
  const cells = [
    columns.map(([title]) => title),
    ...rows.map((row) => columns.map(([, key]) => String(row[key]))),
  ]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
  return cells
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  '),
    )
    .join('\n')
}

/** Everything that must not be, one line each; empty: the promise held. */
export function problemsOf(reports: readonly ChaosReport[]): string[] {
  return reports.flatMap(({ verdict, complaints }) => [
    ...verdict.doubled.map(({ stream, words }) => `doubled: ${stream}: ${words}`),
    ...verdict.altered.map(({ stream, words }) => `altered: ${stream}: ${words}`),
    ...verdict.silentlyLost.map(
      ({ stream, words, at }) => `silently lost: ${stream}: ${words} (${new Date(at).toISOString()})`,
    ),
    ...verdict.wrongWindows.map(
      ({ stream, level, start, why }) =>
        `wrong window: ${stream}: ${level} from ${new Date(start).toISOString()}: ${why}`,
    ),
    ...complaints,
  ])
}
