/**
 * Which partitions this program folds. Two that think they own the same one cost work, not truth (docs/protocol.md 4), so
 * nothing is fenced: an assignment only has to leave no partition without an owner for long.
 */
export interface Assignment {
  /** Calls `changed` with the partitions that are ours as soon as that is known, and at each change. */
  watch(changed: (partitions: ReadonlySet<number>) => void): void
  /** This much of a partition is stored: for people who watch how far behind we are. Nothing ever starts from it. */
  stored(partition: number, position: number): void
  /** Null: all is well. Otherwise in words what is not; the partitions stay ours meanwhile. */
  trouble(): string | null
  close(): Promise<void>
}

/** The same partitions all the time. */
export function fixedAssignment(partitions: Iterable<number>): Assignment {
  return {
    watch: (changed) => changed(new Set(partitions)),
    stored: () => {},
    trouble: () => null,
    close: async () => {},
  }
}
