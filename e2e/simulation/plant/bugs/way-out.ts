import { type Bug, inFile } from './bug.ts'

/** In what mends: logs that were cut, summaries, expiry, releases, rebuilt windows. */
export const wayOutBugs: readonly Bug[] = [
  {
    name: 'no-reach',
    rule: 'a log that was cut behind the checkpoint and before the furthest document is noticed',
    model: '2 %',
    edits: [
      inFile(
        'collector/core/checkpoint.ts',
        'Math.max(checkpoint.position.n, checkpoint.reach)',
        'checkpoint.position.n',
      ),
      inFile(
        'collector/core/checkpoint.ts',
        'if (checkpoint.reach > first) {',
        'if (checkpoint.reach < 0) {',
      ),
    ],
  },
  {
    name: 'cut-passed-over',
    rule: 'a log that was cut is folded from its first record on: it may have grown again since',
    model: null,
    edits: [
      inFile(
        'collector/core/rebuild/new-log.ts',
        'log.id === found.logId ? first : 0',
        'log.id === found.logId ? Math.min(position.n, Math.max(first, next)) : 0',
      ),
    ],
  },
  {
    name: 'regrown-unnoticed',
    rule: 'at each fetch the log still holds the last record that was read',
    model: null,
    edits: [
      inFile(
        'collector/core/roll.ts',
        'if (newest !== undefined && (await isCutBehind(tail))) throw new Behind()',
        '',
      ),
    ],
  },
  {
    name: 'summary-in-part',
    rule: 'a summary is folded whole or not at all',
    model: '4 %',
    edits: [
      inFile(
        'collector/core/fold/plan-batch.ts',
        "if (!isBrought(seq)) return refused('overlap')",
        'if (!isBrought(seq)) continue',
      ),
    ],
  },
  {
    name: 'expired-again',
    rule: 'what has expired is not taken again when it comes again',
    model: null,
    edits: [
      inFile(
        'collector/core/fold/brought.ts',
        'return arrival === null && !isEpochAhead && !has(epoch.expired, seq)',
        'return arrival === null && !isEpochAhead',
      ),
    ],
  },
  {
    name: 'released-twice',
    rule: 'a release acts once for each number',
    model: null,
    edits: [
      inFile(
        'collector/core/fold/brought.ts',
        'return bucket.isWaiting(seq) && !isEpochAhead && !has(epoch.expired, seq)',
        'return (bucket.isWaiting(seq) || release !== null) && !isEpochAhead',
      ),
    ],
  },
  {
    name: 'swap-unnoticed',
    rule: 'when a set of windows was replaced its owners begin anew',
    model: null,
    edits: [
      inFile('collector/core/checkpoint.ts', 'if (checkpoint.swaps !== hold.swaps) throw new Behind()', ''),
      inFile(
        'collector/core/roll.ts',
        '    async function refused(): Promise<never> {',
        '    async function refused(): Promise<void> {\n      if (swaps >= 0) return',
      ),
    ],
  },
]
