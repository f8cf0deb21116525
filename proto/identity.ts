import { CodedError } from './errors.ts'

/** Device and sensor ids: what topics, file names, URLs and document ids can hold without escaping. */
export const idPattern = /^[a-z0-9][a-z0-9-]{0,62}$/

/** A random 64-bit id of one run of an agent, as 16 hexadecimal digits. */
export type Epoch = string

const epochPattern = /^[0-9a-f]{16}$/

export function isId(text: string): boolean {
  return idPattern.test(text)
}

export function isEpoch(text: string): boolean {
  return epochPattern.test(text)
}

/** 16 hexadecimal digits from 8 bytes. Throws `malformed` on any other length. */
export function epochFromBytes(bytes: Uint8Array): Epoch {
  if (bytes.length !== 8) throw new CodedError('malformed', `an epoch has 8 bytes, this one ${bytes.length}`)
  let text = ''
  for (const byte of bytes) text += hex[byte]
  return text
}

/** The 8 bytes of an epoch. */
export function epochToBytes(epoch: Epoch): Uint8Array {
  if (!isEpoch(epoch)) throw new CodedError('malformed', `an epoch is 16 hexadecimal digits, not "${epoch}"`)
  const bytes = new Uint8Array(8)
  for (let i = 0; i < 8; i++) bytes[i] = Number.parseInt(epoch.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

const hex = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))
