// `node e2e/spark/vectors.ts FILE [COUNT] [SEED]`: what the tests in Python read.
import { writeFileSync } from 'node:fs'
import { angles, decodedBatches } from './decoded.ts'
import { randomLog } from './logs.ts'

const [file = '', count = '40', seed = '1'] = process.argv.slice(2)
const logs = []
for (let i = 0; i < Number(count); i++) logs.push(await randomLog(Number(seed) + i))
writeFileSync(
  file,
  JSON.stringify({ batches: decodedBatches(10 * Number(count), Number(seed)), angles: angles(), logs }),
)
