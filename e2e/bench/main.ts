// `npm run bench`: measures and writes RESULTS.md. `npm run bench -- wire buffer` runs some.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { benches } from './benches.ts'
import { figure, machineLine, sectionOf, withSection } from './results.ts'

const path = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !benches.some((bench) => bench.name === name))
if (unknown.length > 0) {
  console.error(
    `no bench is named ${unknown.join(', ')}; there are: ${benches.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}

console.log(machineLine())
for (const bench of benches.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n${bench.title} ...`)
  const missing = bench.needs?.filter(({ isMet }) => !isMet) ?? []
  if (missing.length > 0) {
    console.log(`  left out: ${missing.map((need) => need.title).join(' ')}`)
    continue
  }
  // What else the machine was doing.
  const load = figure(loadavg()[0] ?? 0)
  const rows = await bench.run('full')
  for (const { what, value, unit, against } of rows)
    console.log(
      `  ${what}: ${figure(value)} ${unit}${against ? ` (${against.what}: ${figure(against.value)})` : ''}`,
    )
  const when = `${new Date().toISOString().slice(0, 10)}, load ${load} before`
  writeFileSync(
    path,
    withSection(existsSync(path) ? readFileSync(path, 'utf8') : '', sectionOf(bench, rows, when)),
  )
}
console.log(`\nWritten to ${path}`)
