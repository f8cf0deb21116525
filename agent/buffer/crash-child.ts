// Accepts readings as fast as it can and says on standard output which are acknowledged, until it is killed.
import { writeSync } from 'node:fs'
import { reading } from '../core/buffer-contract.ts'
import { systemClock } from '../system-clock.ts'
import { openSqliteBuffer } from './sqlite.ts'
import { bufferOptions } from './testing.ts'

const [folder = '', epoch = '', mode = ''] = process.argv.slice(2)
/** So little that it is condensed all the time. */
const room = mode === 'thin' ? ({ whenFull: 'thin', maxMb: 0.2 } as const) : {}
const buffer = openSqliteBuffer(
  bufferOptions(folder, { clock: systemClock, commitIntervalMs: 2, epoch, lockWaitMs: 3_000, ...room }),
)
buffer.register('attic', { intervalMs: 1, historical: false })
for (let seq = 1; ; ) {
  const entries = Array.from({ length: mode === 'thin' ? 200 : 1 + (seq % 7) }, (_, i) =>
    mode === 'thin' ? reading(3_000 * (seq + i), seq + i) : reading(seq + i, seq + i),
  )
  const last = seq + entries.length - 1
  // Some in parallel, as sensors do it.
  const taken = buffer
    .accept({ sensor: 'attic', entries, position: last })
    .then(() => writeSync(1, `${last}\n`))
  if (seq % 3 === 0 || mode === 'thin') await taken
  if (mode === 'thin' && seq % 1_000 === 1) {
    const [stream] = buffer.streams().slice(-1)
    if (stream) buffer.markSent(stream, [last, last])
    writeSync(1, `sent ${last}\n`)
  }
  seq = last + 1
}
