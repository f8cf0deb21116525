import type { CodedError } from '@barograph/proto'

export interface UplinkListener {
  /** The broker took us, and receipts will arrive: everything may be sent. */
  connected(): void
  /** Called once for each connection that ended or could not be made. */
  disconnected(reason: CodedError): void
  /** Bytes from the collector, unchecked. */
  received(bytes: Uint8Array): void
}

/**
 * The way to the collector. Promises of every implementation (uplink-contract.ts):
 * - it connects, and connects again for ever with jittered delays, until closed;
 * - `send` and `sendStatus` resolve when the other side acknowledged and reject with a coded, retryable error when the
 *   connection went away first, or there is none; nothing is queued, kept or repeated on its own;
 * - what is sent over one connection arrives in order;
 * - a connection that dies tells the world that the device is offline.
 */
export interface Uplink {
  start(listener: UplinkListener): void
  send(bytes: Uint8Array): Promise<void>
  sendStatus(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}
