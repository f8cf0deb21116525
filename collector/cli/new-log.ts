import { goOverToLog, type NewLogOutcome } from '../core/rebuild/new-log.ts'
import type { Openers } from '../roles/open.ts'
import { writeLines } from './output.ts'

/** `rebuild --new-log`: takes the store over to a log that was made anew or cut. */
export async function goOver(openers: Openers, json: boolean): Promise<void> {
  // Refuses with words when there is no log yet: the collector makes it when it starts, before it looks at the store.
  const log = await openers.readLog()
  const store = await openers.store()
  try {
    for await (const outcome of goOverToLog({ log, store, progress: () => {} }))
      await writeLines([json ? JSON.stringify(outcome) : wordsOf(outcome, log.id)])
  } finally {
    await store.close()
    await log.close()
  }
}

function wordsOf({ partition, state, from, to }: NewLogOutcome, logId: string): string {
  switch (state) {
    case 'over':
      return `partition ${partition}: folded up to record ${from.n} of the log before, goes on at record ${to.n} of the log ${logId} (generation ${to.g})`
    case 'same':
      return `partition ${partition}: the log is the one that was folded; nothing was done`
    case 'never-folded':
      return `partition ${partition}: nothing of it was ever folded`
  }
}
