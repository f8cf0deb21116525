/** Bytes of the slabs from which Node cuts small buffers; its own value is 65,536. */
const poolBytes = 1_024

/**
 * mqtt-packet remembers two bytes for each length of message that it has written, for ever, and each of them holds the
 * whole slab that it was cut from: over the weeks of a program that is hundreds of megabytes. In small slabs it is
 * little. The setting is one of the thread.
 */
export function keepPoolSmall(): void {
  Buffer.poolSize = Math.min(Buffer.poolSize, poolBytes)
}
