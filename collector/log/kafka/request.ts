/** Kafka takes about 1 MB at once unless told otherwise; one larger message goes alone. */
export const requestLimits = { bytes: 512 * 1024, messages: 4_096 } as const

/** How many of these, which come in this order, go into one request: as many as fit, always one. */
export function countInRequest<T>(messages: readonly T[], bytesOf: (message: T) => number): number {
  let bytes = 0
  for (const [count, message] of messages.entries()) {
    bytes += bytesOf(message)
    if (count > 0 && (bytes > requestLimits.bytes || count >= requestLimits.messages)) return count
  }
  return messages.length
}
