/** One line on a terminal that tells how far something is. */
export interface ProgressLine {
  /** `step`: what the rate and the rest are of; they begin anew with another one. */
  show(step: string, words: string, done: number, of: number): void
  /** The same of things that are counted; null: nobody knows how many there will be. */
  count(what: string, done: number, of: number | null): void
  clear(): void
}

const redrawMs = 200

/** Nothing is shown where nobody looks. */
export function createProgressLine(isWanted: boolean): ProgressLine {
  const isShowing = isWanted && process.stderr.isTTY
  let begun = { step: '', atMs: 0, done: 0 }
  let shownAt = Number.NEGATIVE_INFINITY
  let isShown = false
  function draw(step: string, done: number, wordsAt: (nowMs: number) => string): void {
    const now = performance.now()
    if (step !== begun.step) begun = { step, atMs: now, done }
    if (!isShowing || now - shownAt < redrawMs) return
    shownAt = now
    isShown = true
    process.stderr.write(`\r\x1b[K${wordsAt(now)}`)
  }
  return {
    show(step, words, done, of) {
      draw(step, done, (nowMs) => `${words}, ${progressWords(done, of, { ...begun, nowMs })}`)
    },
    count(what, done, of) {
      draw(what, done, (nowMs) => `${what}: ${countWords(done, of, { ...begun, nowMs })}`)
    },
    clear() {
      if (isShown) process.stderr.write('\r\x1b[K')
      isShown = false
    },
  }
}

/** `1,200 of 4,800, 400/s, about 9 s left`. */
export function progressWords(
  done: number,
  of: number,
  begun: { readonly atMs: number; readonly done: number; readonly nowMs: number },
): string {
  const count = `${done.toLocaleString('en-US')} of ${of.toLocaleString('en-US')}`
  const seconds = (begun.nowMs - begun.atMs) / 1_000
  const rate = seconds > 0 ? (done - begun.done) / seconds : 0
  if (rate <= 0) return count
  return `${count}, ${Math.round(rate).toLocaleString('en-US')}/s, about ${durationWords((of - done) / rate)} left`
}

/** As `progressWords`; of an unknown number of things only how many there are so far. */
export function countWords(
  done: number,
  of: number | null,
  begun: { readonly atMs: number; readonly done: number; readonly nowMs: number },
): string {
  // A number that was about right is not told when there are more.
  if (of !== null && of >= done) return progressWords(done, of, begun)
  const seconds = (begun.nowMs - begun.atMs) / 1_000
  const count = done.toLocaleString('en-US')
  return seconds > 0
    ? `${count}, ${Math.round((done - begun.done) / seconds).toLocaleString('en-US')}/s`
    : count
}

/** Seconds as people say them. */
export function durationWords(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.ceil(seconds))} s`
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3_600)} h`
}
