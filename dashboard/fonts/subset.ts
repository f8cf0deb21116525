import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import subsetFont from 'subset-font'

// Run by hand when a font's package changes (`node dashboard/fonts/subset.ts`): its output is committed, so that
// building the page stays fast.
const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')
const german = 'ÄÖÜäöüßéèàçñ'
const signs = '\u00a0\u2002\u2009\u202f°±·×÷²³µ–—−‘’“”„…→←↑↓€≤≥≈½'
const text = ascii + german + signs

const require = createRequire(import.meta.url)
const barlow = dirname(require.resolve('@fontsource/barlow-semi-condensed/package.json'))
const newsreader = dirname(require.resolve('@fontsource-variable/newsreader/package.json'))

const write = async (name: string, source: string, variationAxes?: Record<string, number>) => {
  const options = { targetFormat: 'woff2', ...(variationAxes ? { variationAxes } : {}) } as const
  const bytes = await subsetFont(readFileSync(source), text, options)
  writeFileSync(join(import.meta.dirname, name), bytes)
  process.stdout.write(`${name} ${bytes.length} bytes\n`)
}

for (const weight of [400, 500, 600]) {
  const source = join(barlow, 'files', `barlow-semi-condensed-latin-${weight}-normal.woff2`)
  await write(`barlow-semi-condensed-${weight}.woff2`, source)
}
await write('newsreader-italic.woff2', join(newsreader, 'files', 'newsreader-latin-standard-italic.woff2'), {
  wght: 420,
  opsz: 12,
})
copyFileSync(join(barlow, 'LICENSE'), join(import.meta.dirname, 'OFL-barlow.txt'))
copyFileSync(join(newsreader, 'LICENSE'), join(import.meta.dirname, 'OFL-newsreader.txt'))
