import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generate } from './generate.ts'

const committed = (name: string): string =>
  readFileSync(new URL(`generated/${name}`, import.meta.url), 'utf8')

test('the generated code is what barograph.proto gives now (npm run generate)', () => {
  const { js, types } = generate()
  expect(js === committed('barograph.js')).toBe(true)
  expect(types === committed('barograph.d.ts')).toBe(true)
}, 60_000)
