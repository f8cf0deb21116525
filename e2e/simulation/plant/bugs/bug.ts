import type { Edit } from '../edit.ts'

/** A rule of the protocol, broken on purpose: the simulation has to notice. */
export interface Bug {
  readonly name: string
  /** What is wrong, and which promise that breaks. */
  readonly rule: string
  /** In how many runs the first models of the protocol found it; null: they did not know it. */
  readonly model: string | null
  readonly edits: readonly Edit[]
}

/** One edit of one file. */
export const inFile = (file: string, find: string, replace: string): Edit => ({ file, find, replace })
