import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from './proof.ts'

/** A proof that came to its end, with when and where. */
export interface Finished extends Outcome {
  readonly date: string
  readonly machine: string
  readonly minutes: number
}

/** What is known of a proof from earlier runs. */
export interface ProofState {
  readonly finished: Finished | null
  /** Of one that was interrupted. */
  readonly saved: unknown
  /** Time that interrupted runs have taken, ms. */
  readonly spentMs: number
}

const none: ProofState = { finished: null, saved: null, spentMs: 0 }

const pathOf = (folder: string, name: string): string => join(folder, `${name}.json`)

export function readState(folder: string, name: string): ProofState {
  const path = pathOf(folder, name)
  return existsSync(path)
    ? { ...none, ...(JSON.parse(readFileSync(path, 'utf8')) as Partial<ProofState>) }
    : none
}

/** Whole or not at all: it may be interrupted at any time. */
export function writeState(folder: string, name: string, state: ProofState): void {
  mkdirSync(folder, { recursive: true })
  const path = pathOf(folder, name)
  writeFileSync(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}
