import type { Clock } from './clock.ts'

/** Lines of one kind that are said in one minute; of more it is said how many there were. */
const linesPerMinute = 5
const minuteMs = 60_000

/** Says words that strangers cause, as many as they like, without filling the log with them. */
export interface PacedWords {
  say(kind: string, words: string): void
  close(): void
}

export function createPacedWords(clock: Clock, say: (kind: string, words: string) => void): PacedWords {
  const kinds = new Map<string, { said: number; more: number; cancel: () => void }>()
  const beginMinute = (kind: string) => {
    const minute = { said: 0, more: 0, cancel: clock.setTimer(minuteMs, () => endMinute(kind)) }
    kinds.set(kind, minute)
    return minute
  }
  function endMinute(kind: string): void {
    const more = kinds.get(kind)?.more ?? 0
    kinds.delete(kind)
    if (more > 0) say(kind, `and ${more} more like this within a minute`)
  }

  return {
    say(kind, words) {
      const minute = kinds.get(kind) ?? beginMinute(kind)
      if (minute.said >= linesPerMinute) minute.more++
      else {
        minute.said++
        say(kind, words)
      }
    },
    close() {
      for (const { cancel } of kinds.values()) cancel()
      kinds.clear()
    },
  }
}
