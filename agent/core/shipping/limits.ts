/** The numbers of the shipper, in one place. */
export const shippingLimits = {
  /** Backfill leaves the rest of the credit to live entries. */
  backfillCreditShare: 0.75,
  /** Messages that the broker has not acknowledged; more wait. */
  unackedMessages: 100,
  /** Entries sent and not yet stored; more wait: pushing them into a log that nobody rolls helps nobody. */
  unstoredEntries: 500_000,
  /** The same for the parts of messages, which cost memory each. */
  unstoredParts: 100_000,
  /** Numbers that summaries under way stand for, not yet in the log; more summaries wait. */
  unloggedSummaryNumbers: 262_144,
  /** Rows of the backlog that are marked as sent at a time: one more commit for so many. */
  markedAhead: 16_384,
  /** Without an answer to the hello for so long, backfill begins anyway. */
  greetingMs: 3_000,
  /** The site is said again until confirmed; doubles up to the longest repeat. */
  siteRepeatMs: 3_000,
  /** Without its confirmation for so long somebody is told: until then not one reading goes out. */
  siteSilentMs: 30_000,
  /** Ends and losses are said again until stored; doubles likewise while none of them is. */
  ledgerRepeatMs: 5_000,
  /** Whoever refuses them cannot say so: they have no numbers. What nobody takes is not said as often as possible. */
  longestRepeatMs: 60_000,
  /** The same ends and losses said for so long in vain: somebody is told. */
  ledgerSilentMs: 300_000,
  /** What something sent later has overtaken into the store is sent again after this. */
  overtakenMs: 10_000,
  /** What is not even in the log after this is sent again; doubles up to the longest while nothing moves. */
  unloggedMs: 30_000,
  /** What is in the log and not stored after this is sent again; doubles likewise. */
  unstoredMs: 300_000,
  longestResendMs: 3_600_000,
  tickMs: 1_000,
} as const
