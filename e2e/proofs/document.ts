import type { Proof } from './proof.ts'
import type { Finished } from './state.ts'

const heading = `# Proofs

What \`npm run proofs\` found: the parts of the promise that take longer to show than a test may. Each proof runs on real
processes or on the shipped code, draws everything from its seed, and fails when one reading is doubled or silently lost
or one window is wrong. \`npm run proofs -- --help\` tells how to run them; an interrupted one goes on where it was.
`

/** One row of docs/proofs.md. */
export interface DocumentRow {
  readonly proof: Pick<Proof, 'name' | 'what'>
  readonly finished: Finished
}

/** docs/proofs.md with these rows in the place of those of the same name; the others stay. */
export function withRows(document: string, rows: readonly DocumentRow[]): string {
  const kept = new Map<string, string>()
  for (const line of document.split('\n')) {
    const name = /^\| `([a-z-]+)` \|/.exec(line)?.[1]
    if (name !== undefined) kept.set(name, line)
  }
  for (const { proof, finished } of rows) kept.set(proof.name, rowOf(proof, finished))
  return [
    heading,
    '| proof | what is shown | how much | seed | result | minutes | date | machine | command |',
    '|---|---|---|---|---|---|---|---|---|',
    ...[...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line),
    '',
  ].join('\n')
}

function rowOf({ name, what }: DocumentRow['proof'], finished: Finished): string {
  const { count, seed, result, ok, minutes, date, machine } = finished
  const command = `npm run proofs -- ${name}`
  const cells = [
    `\`${name}\``,
    what,
    count,
    seed,
    ok ? result : `**failed**: ${result}`,
    minutes,
    date,
    machine,
  ]
  return `| ${[...cells, `\`${command}\``].map((cell) => oneCell(String(cell))).join(' | ')} |`
}

const oneCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
