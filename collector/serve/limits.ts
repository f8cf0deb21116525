/** Every bound of the HTTP and WebSocket interface, in one place. */
export const serveLimits = {
  /** Bytes of a request's line and headers. More: 431. */
  headBytes: 16_384,
  /** Bytes of an order. More: 413. */
  bodyBytes: 16_384,
  /** Characters of one parameter in a path. More: 414. */
  pathParameterCharacters: 100,
  /** Until a request's headers are there. Later: 408, and the connection ends; so does one that never says anything. */
  headMs: 10_000,
  /** Until all of a request is there. Later: 408. */
  requestMs: 15_000,
  /** Between two requests on a connection. Longer: it ends. */
  idleMs: 65_000,
  /** Of an answer that nobody takes. Longer: the connection ends. */
  stalledMs: 60_000,
  /** How often the times above are looked at. */
  overdueMs: 2_000,
  /** Connections at once, and from one address beyond this machine and trusted proxies. More: closed at once. */
  connections: 2_000,
  connectionsPerAddress: 200,

  /** Wrong tokens from one address (of IPv6: one /64) at once, and ms until one more. More: 429, and not looked at. */
  guessesPerAddress: 10,
  guessAgainMs: 6_000,
  /** The same of all addresses together, for tokens whose id is known and for all others apart. */
  guessesInAll: 60,
  guessInAllAgainMs: 1_000,
  /** Between two lines in the log on tokens that were not looked at. */
  guessLogMs: 10_000,
  /** Addresses whose wrong tokens are counted. More: those that were quiet for longest are forgotten. */
  addressesKept: 10_000,
  /** Tokens that wait for their hash, which is computed for one at a time. More: 503. */
  verificationsWaiting: 16,
  /** Right tokens that need no hash any more. More: the oldest is compared again. */
  tokensRemembered: 256,
  /** Sessions that were ended before their time. More: the oldest is forgotten, and its cookie holds until its end. */
  endedSessions: 10_000,
  tokensPerRole: 64,
  /** How often the files with hashes are looked at. */
  tokenFileMs: 1_000,

  /** Entries of one answer. More: refused, with the words what is allowed. */
  answerLimit: 10_000,
  defaultAnswerLimit: 1_000,
  /** Gaps of one answer, each with two look-ups of neighbours. */
  gapLimit: 1_000,
  defaultGapLimit: 200,
  /** Raw buckets that one search for pauses reads; it says how far it came. */
  pauseBuckets: 2_048,
  deadLetterLimit: 500,
  defaultDeadLetterLimit: 50,
  /** Dead letters of one answer when their payloads are asked for: each may hold 256 KiB. */
  payloadLimit: 20,
  /** Statistics (metric and what of it) that are kept up to date for the next question. More: the oldest is read anew. */
  statisticsKept: 4,
  /** Exports that are answered at once. More: 503. */
  exports: 4,
  /** Rows of a piece of an export as text. */
  exportTextRows: 2_048,
  /** Epochs and reasons of one list of what waits for release; the others are counted in its total. */
  quarantineLimit: 500,
  /** Ranges of each of them that are written out. */
  quarantineRanges: 16,
  /** Records beyond the checkpoint that a delivery count decodes, per partition; the rest is counted by the next one. */
  pendingRecords: 5_000,
  /** Streams with a lag gauge of their own in /metrics; further ones are only counted. */
  streamGauges: 1_000,
  /** Milliseconds without progress of a partition that has records waiting: not ready. */
  stalledAfterMs: 60_000,

  /** WebSocket clients at once. More: 503. */
  liveClients: 500,
  /** Of them with one token, and with the sessions that were opened with it. More: 429. */
  liveClientsPerToken: 100,
  /** Heartbeats in a row that a client may leave unanswered, without a byte of its backlog taken either. More: ended. */
  missedHeartbeats: 3,
  /** Bytes of one message of a client. More: closed, as the protocol wants it (1009). */
  messageBytes: 65_536,
  /** Devices that one subscription may name. More: an error frame. */
  devicesPerSubscription: 1_000,
  /** Bytes that may wait for one client; beyond it gets no frame until they are sent, then one with the newest state. */
  waitingBytes: 262_144,
  /** Changes of one frame. */
  changesPerFrame: 200,
  /** Pages of changes read in one turn; what is left comes with the next. */
  pagesPerTurn: 10,
  /** Entries of one stream and of one frame of live readings; older ones are left out and counted. */
  readingsPerStream: 100,
  readingsPerFrame: 2_000,
  /** A resume token further back gets a snapshot: that is less. */
  resumeChanges: 50_000,
} as const
