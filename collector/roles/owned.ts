/** Work that runs for each partition while it is ours. */
export interface Owned {
  /** Begins what is missing and ends what is too much. */
  want(partitions: ReadonlySet<number>): void
  partitions(): readonly number[]
  /** Resolves when all has ended. What is given to us later is not begun: others who leave too hand over theirs. */
  close(): Promise<void>
}

/** `work` ends when its signal aborts. A partition that comes back while it is ending begins when it has ended. */
export function createOwned(
  work: (partition: number, signal: AbortSignal) => Promise<void>,
  fail: (error: unknown) => void,
): Owned {
  let wanted: ReadonlySet<number> = new Set()
  let isClosed = false
  const running = new Map<number, { readonly ending: AbortController; readonly ended: Promise<void> }>()

  function begin(partition: number): void {
    const ending = new AbortController()
    const ended = work(partition, ending.signal).then(() => {
      running.delete(partition)
      if (wanted.has(partition)) begin(partition)
    })
    ended.catch(fail)
    running.set(partition, { ending, ended })
  }

  function want(partitions: ReadonlySet<number>): void {
    if (isClosed) return
    wanted = partitions
    for (const [partition, { ending }] of running) if (!partitions.has(partition)) ending.abort()
    for (const partition of partitions) if (!running.has(partition)) begin(partition)
  }

  return {
    want,
    partitions: () => [...wanted].sort((a, b) => a - b),
    async close() {
      want(new Set())
      isClosed = true
      await Promise.all([...running.values()].map(({ ended }) => ended))
    },
  }
}
