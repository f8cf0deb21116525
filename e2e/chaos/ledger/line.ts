import { readFileSync } from 'node:fs'

/** One reading that the ledger handed out. */
export interface HandedOut {
  /** device/sensor */
  readonly stream: string
  /** From 1 within the stream. */
  readonly number: number
  /** Event time that it was given, ms since 1970; ascends within a stream. */
  readonly at: number
  /** Thousandths of a degree. */
  readonly thousandths: number
  readonly handedOutAt: number
}

export const formatLine = ({ stream, number, at, thousandths, handedOutAt }: HandedOut): string =>
  [stream, number, at, thousandths, handedOutAt].join(' ')

/** Everything that a ledger handed out, in its order. */
export function readLedger(path: string): HandedOut[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [stream = '', ...numbers] = line.split(' ')
      const [number = 0, at = 0, thousandths = 0, handedOutAt = 0] = numbers.map(Number)
      return { stream, number, at, thousandths, handedOutAt }
    })
}
