import type { Waiting } from '../serve/index.ts'
import { openPatiently, type Patience } from './patience.ts'

/** The address of the page: held by one who says what is away, until the server itself can have it. */
export interface Place {
  /** From now on somebody answers there, who says these words. */
  wait(words?: string): Promise<void>
  /** What it opens answers there from now on. As long as that fails for something that is away, the other one does. */
  take<T>(open: () => Promise<T>): Promise<T>
}

export function createPlace(
  createWaiting: (trouble: () => string) => Promise<Waiting>,
  patience: Omit<Patience, 'waiting'>,
): Place {
  let trouble = 'the log and the store do not answer yet'
  let standIn: Promise<Waiting> | null = null

  async function wait(words = trouble): Promise<void> {
    trouble = words
    await (standIn ??= createWaiting(() => trouble))
  }

  async function leave(): Promise<void> {
    const before = standIn
    standIn = null
    await (await before)?.close()
  }

  return {
    wait,
    take: (open) =>
      openPatiently(
        async () => {
          await leave()
          return open()
        },
        { ...patience, waiting: wait },
      ),
  }
}
