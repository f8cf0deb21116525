/** A message as it came over MQTT. */
export interface Incoming {
  readonly topic: string
  readonly payload: Uint8Array
  /** The device that the connection proved to be; null: nobody had to prove anything. */
  readonly identity: string | null
}

/** What became of a message. */
export type Outcome = 'taken' | 'refused'

/**
 * Takes a message. Resolves when it may be acknowledged, which is after it, or the word that it was refused, is
 * durable; until then the sender waits. It never rejects because of the message.
 */
export type Accept = (message: Incoming) => Promise<Outcome>

/** A message that never became one: refused on its way in, with what is known of it. */
export type Refuse = (refusal: {
  readonly topic: string
  readonly code: string
  readonly reason: string
}) => void

/**
 * Where messages of devices come from and receipts go to. Promises (ingest-contract.ts): each message is given to
 * `accept` in the order in which its device sent it, and acknowledged only after that resolved; a connection that ends
 * before leaves it unacknowledged.
 */
export interface Ingest {
  /** `mqtt://host:port`. */
  readonly url: string
  /** Null: all is well. Otherwise in words what is not. */
  trouble(): string | null
  connections(): number
  /** Sends to those who listen now, at most once. */
  publish(topic: string, payload: Uint8Array): void
  /** Takes no more messages; resolves when the connections are closed. */
  close(): Promise<void>
}
