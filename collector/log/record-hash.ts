import { createHash } from 'node:crypto'
import type { LogRecord } from '../core/log.ts'

/** 128 bits of SHA-256 over all that a record is: enough to tell that a log was cut and went on differently. */
export function hashOf({ partition, offset, kind, device, ingestMs, value }: LogRecord): string {
  const head = `${partition} ${offset} ${kind} ${device} ${ingestMs} ${value.byteLength}\n`
  return createHash('sha256').update(head).update(value).digest('hex').slice(0, 32)
}
