/** What a proof works with. */
export interface ProofContext<S> {
  /** A folder for its files; empty at its start, and gone after it unless it failed. */
  readonly folder: string
  /** What `save` was told last by a run that was interrupted; null: this is the beginning. */
  readonly saved: S | null
  /** Noted on the disk, so that an interrupted proof goes on there. */
  save(state: S): void
  say(words: string): void
  readonly signal: AbortSignal
}

/** What came out. */
export interface Outcome {
  readonly ok: boolean
  /** How much was tried. */
  readonly count: string
  /** Everything is drawn from it. */
  readonly seed: string
  /** What was found, in a sentence; of a failed one what is wrong. */
  readonly result: string
}

/** Something about Barograph that takes longer to show than a test may. */
export interface Proof<S = unknown> {
  readonly name: string
  /** What is proven, as a sentence. */
  readonly what: string
  run(context: ProofContext<S>): Promise<Outcome>
}
