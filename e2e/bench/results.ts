import { cpus, totalmem } from 'node:os'
import type { Bench, Row } from './bench.ts'

/** A figure as people read it: three significant digits, no more. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: 0 })
}

export function machineLine(): string {
  const all = cpus()
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform} ${process.arch}`
}

/** One bench as a section of RESULTS.md. */
export function sectionOf(
  { name, title, notes }: Pick<Bench, 'name' | 'title' | 'notes'>,
  rows: readonly Row[],
  when: string,
): string {
  const lines = rows.map(({ what, value, unit, against, goal }) => {
    const ratio = against ? `${figure(value / against.value)} x` : ''
    const peer = against ? `${against.what}: ${figure(against.value)}` : ''
    return `| ${what} | ${figure(value)} ${unit} | ${peer} | ${ratio} | ${goal ?? ''} |`
  })
  return [
    `## ${title}`,
    '',
    `\`npm run bench -- ${name}\`, ${when}, ${machineLine()}`,
    '',
    '| what | measured | in the same run | ratio | goal |',
    '|---|---|---|---|---|',
    ...lines,
    '',
    ...(notes ? [notes, ''] : []),
  ].join('\n')
}

const heading = `# Results

What was measured, by the command that stands above each table. Machines differ and this one is shared: read the ratios to what was measured in the same run, not the absolute figures.
`

/** The file with this section put in the place of the one of the same title, or at its end. */
export function withSection(file: string, section: string): string {
  const title = section.split('\n', 1)[0] ?? ''
  const sections = file.split(/^(?=## )/m).slice(1)
  const at = sections.findIndex((one) => one.startsWith(`${title}\n`))
  const fresh = `${section.trimEnd()}\n\n`
  if (at < 0) sections.push(fresh)
  else sections[at] = fresh
  return `${heading}\n${sections.map((one) => `${one.trimEnd()}\n\n`).join('')}`.trimEnd().concat('\n')
}
