// Another process for log-contract.ts. Arguments: the module whose `openLog` opens the log, its location, partitions,
// the device it appends for, how many records (0: until killed). A line "partition offset number" for each record
// that the log has acknowledged.
import type { Log } from '../../core/log.ts'
import { recordOf } from './records.ts'

/** What a module for another process exports. */
export interface LogModule {
  openLog(location: string, partitions: number): Promise<Log>
}

/** Appends that run at once. */
const inFlight = 5

async function appendAll(log: Log, device: string, count: number): Promise<void> {
  let number = 0
  const work = async () => {
    while (count === 0 || number < count) {
      const own = number++
      const [place] = await log.append([recordOf(device, own)])
      process.stdout.write(`${place?.partition} ${place?.offset} ${own}\n`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work))
}

const [module = '', location = '', partitions = '1', device = '', count = '0'] = process.argv.slice(2)
const { openLog } = (await import(module)) as LogModule
const log = await openLog(location, Number(partitions))
await appendAll(log, device, Number(count))
await log.close()
