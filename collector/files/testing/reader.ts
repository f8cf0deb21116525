// A program of its own that reads a JSON file again and again, until a line comes in; then it says what it saw.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [, , path = ''] = process.argv
const versions = new Set<number>()
const broken: string[] = []
let reads = 0
let isOver = false

function read(): void {
  const text = readFileSync(path, 'utf8')
  reads++
  try {
    const { version, end } = JSON.parse(text) as { version: number; end: number }
    versions.add(version)
    if (version !== end) broken.push(`version ${version} ends as ${end}`)
  } catch {
    broken.push(`${text.length} characters: ${text.slice(0, 40)}`)
  }
}

createInterface({ input: process.stdin }).on('line', () => {
  isOver = true
})
process.stdout.write('reading\n')
while (!isOver) {
  read()
  await new Promise((resolve) => setImmediate(resolve))
}
read()
process.stdout.write(`${JSON.stringify({ reads, versions: versions.size, broken: broken.slice(0, 5) })}\n`)
process.exit(0)
