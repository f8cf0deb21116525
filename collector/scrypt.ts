import { scrypt, timingSafeEqual } from 'node:crypto'

/** What one hash costs: 128 N r bytes, p times. */
export interface ScryptCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** What is kept of a secret. */
export interface ScryptHash extends ScryptCost {
  readonly salt: Uint8Array
  readonly key: Uint8Array
}

/** The hash of a secret, computed in a thread of the pool: the loop goes on meanwhile. */
export function derive(
  secret: string | Uint8Array,
  salt: Uint8Array,
  keyBytes: number,
  { N, r, p }: ScryptCost,
): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(secret, salt, keyBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  )
}

/** Whether this is the secret that was hashed. Takes the same time for every wrong one. */
export async function isSecretOf(secret: string | Uint8Array, kept: ScryptHash): Promise<boolean> {
  return timingSafeEqual(await derive(secret, kept.salt, kept.key.byteLength, kept), kept.key)
}
