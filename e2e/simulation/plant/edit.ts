import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** One exact piece of a shipped file's text, and what stands there instead while the simulation runs. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

const root = new URL('../../../', import.meta.url)

/** How often the text stands in the file as it is: it must be once. */
export function occurrences({ file, find }: Edit): number {
  return readFileSync(new URL(file, root), 'utf8').split(find).length - 1
}

/** Replaces the texts in whatever this thread loads from now on. Shipped code needs no hooks of its own for that. */
export function applyEdits(edits: readonly Edit[]): void {
  const byPath = Map.groupBy(edits, ({ file }) => fileURLToPath(new URL(file, root)))
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      const own = url.startsWith('file:') ? byPath.get(fileURLToPath(url)) : undefined
      if (!own) return loaded
      const { source } = loaded
      let text = typeof source === 'string' ? source : new TextDecoder().decode(source as Uint8Array)
      for (const { file, find, replace } of own) {
        if (text.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`)
        text = text.replace(find, () => replace)
      }
      return { ...loaded, source: text }
    },
  })
}
