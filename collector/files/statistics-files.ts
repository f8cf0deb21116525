import { join } from 'node:path'
import type { Statistics } from '../core/statistics/statistics.ts'
import { prepareFolder, readIfThere, writeAtomically } from './atomic-file.ts'

/** Writes `partition-N.json` of statistics into a folder. */
export interface StatisticsFiles {
  /** Writes the files whose content is another than what is there, and returns their partitions. */
  update(): Promise<readonly number[]>
}

export const fileNameOf = (partition: number): string => `partition-${partition}.json`

/** The folder is made when it is not there. Rejects with `file-unwritten`. */
export async function createStatisticsFiles({
  folder,
  statistics,
  partitions,
  now,
}: {
  readonly folder: string
  readonly statistics: Statistics
  readonly partitions: readonly number[]
  /** Wall clock, ms since 1970. */
  readonly now: () => number
}): Promise<StatisticsFiles> {
  await prepareFolder(folder, partitions.map(fileNameOf), now())
  // Stays noted until it is written.
  const due = new Set<number>()
  return {
    async update() {
      for (const partition of await statistics.refresh()) due.add(partition)
      const written: number[] = []
      for (const partition of [...due].sort((a, b) => a - b)) {
        const path = join(folder, fileNameOf(partition))
        const text = `${JSON.stringify(statistics.view(partition), null, 2)}\n`
        if ((await readIfThere(path)) !== text) {
          await writeAtomically(path, text)
          written.push(partition)
        }
        due.delete(partition)
      }
      return written
    },
  }
}
