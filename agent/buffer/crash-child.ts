// Accepts readings as fast as it can and says on standard output which are acknowledged, until it is killed.
import { writeSync } from 'node:fs'
import { reading } from '../core/buffer-contract.ts'
import { systemClock } from '../system-clock.ts'
import { openSqliteBuffer } from './sqlite.ts'
import { bufferOptions } from './testing.ts'

const [folder = '', epoch = ''] = process.argv.slice(2)
const buffer = openSqliteBuffer(
  bufferOptions(folder, { clock: systemClock, commitIntervalMs: 2, epoch, lockWaitMs: 3_000 }),
)
buffer.register('attic', { intervalMs: 1, historical: false })
for (let seq = 1; ; ) {
  const entries = Array.from({ length: 1 + (seq % 7) }, (_, i) => reading(seq + i, seq + i))
  const last = seq + entries.length - 1
  // Some in parallel, as sensors do it.
  const taken = buffer
    .accept({ sensor: 'attic', entries, position: last })
    .then(() => writeSync(1, `${last}\n`))
  if (seq % 3 === 0) await taken
  seq = last + 1
}
