// Makes generated/ from barograph.proto: `npm run generate`. A test (generate.test.ts) proves that it is current.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const bin = createRequire(import.meta.url).resolve('protobufjs-cli/bin/pbjs')
const binTypes = createRequire(import.meta.url).resolve('protobufjs-cli/bin/pbts')

/** The static module and its types, as text. */
export function generate(): { js: string; types: string } {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-proto-'))
  try {
    const js = join(folder, 'barograph.js')
    const run = (tool: string, args: string[]) =>
      execFileSync(process.execPath, [tool, ...args], { cwd: here })
    const wanted = [
      '--no-convert',
      '--no-verify',
      '--no-delimited',
      '--no-service',
      '--no-typeurl',
      '--force-number',
    ]
    const staticModule = ['-t', 'static-module', '-w', 'es6', ...wanted, '-o', js, 'barograph.proto']
    run(bin, staticModule)
    run(binTypes, ['-o', join(folder, 'barograph.d.ts'), js]) // reads the comments of the module
    run(bin, ['--no-comments', ...staticModule])
    return { js: readFileSync(js, 'utf8'), types: readFileSync(join(folder, 'barograph.d.ts'), 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { js, types } = generate()
  writeFileSync(join(here, 'generated/barograph.js'), js)
  writeFileSync(join(here, 'generated/barograph.d.ts'), types)
}
