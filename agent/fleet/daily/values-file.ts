import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CodedError, fromThousandths } from '@barograph/proto'
import { dayOf } from './sensor.ts'
import type { DailyOptions } from './run-daily.ts'
import { dayMs, makeStation } from './stations.ts'
import { valuesOf } from './weather.ts'

/** Writes every value of every station and day as CSV, so that anybody can add them up. Throws `cannot-write`. */
export async function writeValues(file: string, options: DailyOptions): Promise<void> {
  try {
    await pipeline(Readable.from(linesOf(options)), createWriteStream(file))
  } catch (error) {
    throw new CodedError('cannot-write', `--values ${file} cannot be written`, {
      hint: 'is the folder there, and writable?',
      cause: error,
    })
  }
}

const linesPerPiece = 1_000

function* linesOf({ stations, fromMs, days, seed }: DailyOptions): Generator<string> {
  yield 'station,date,temperature,precipitation\n'
  for (const name of stations) {
    const station = makeStation(name, seed)
    for (let from = 0; from < days; from += linesPerPiece) {
      let piece = ''
      for (let day = from; day < Math.min(days, from + linesPerPiece); day++) {
        const noonMs = fromMs + day * dayMs
        const { temperature, precipitation } = valuesOf(station, noonMs)
        piece += `${name},${dayOf(noonMs)},${fromThousandths(temperature)},${fromThousandths(precipitation)}\n`
      }
      yield piece
    }
  }
}
