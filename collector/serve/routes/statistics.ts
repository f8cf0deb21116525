import { metricByName } from '@barograph/proto'
import * as z from 'zod'
import { requireFit } from '../../core/statistics/fit.ts'
import { type StatisticsOf, statisticsOf } from '../../core/statistics/of.ts'
import { createStatistics, type Statistics } from '../../core/statistics/statistics.ts'
import type { Context } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { createProblem } from '../problem.ts'
import { metric, wholeNumber } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'

/** What the days of each device come to. */
export function statisticsRoutes({ store, log }: Pick<Context, 'store' | 'log'>): Route[] {
  const partitions = [...Array.from({ length: log.partitions }).keys()]
  const kept = createKept(({ metric, of }) =>
    createStatistics({
      store,
      partitions,
      metric,
      of,
      pause: () => new Promise((next) => setImmediate(next)),
    }),
  )
  return [
    defineRoute({
      path: '/api/v1/partitions/{partition}/stats',
      summary:
        'Count, sum and average of the days of each device of a partition, by month, by year and in all',
      description:
        'Each device counts with its primary sensor of the metric; one without a value is left out. Sums are exact: ' +
        'beyond 10^12 they have more digits than a floating-point number holds. Averages are rounded once, half away from zero, to ' +
        'three decimals. Dates are those of the site. The same as partition-N.json of files.stats.',
      params: z.object({ partition: z.string().describe('number of a partition, from 0 on') }),
      query: z.strictObject({
        metric,
        of: z
          .enum(statisticsOf)
          .optional()
          .describe(`one of ${statisticsOf.join(', ')}; daily-mean when left out, of a total daily-sum`),
      }),
      answer: schemas.partitionStatistics,
      statuses: { 400: 'A parameter is not understood', 404: 'There is no such partition' },
      handle: async ({ partition: text, metric, of: asked }) => {
        const partition = wholeNumber(text)
        if (partition === null || !partitions.includes(partition))
          throw createProblem(
            'unknown-partition',
            `There is no partition "${text.slice(0, 20)}".`,
            `0 to ${log.partitions - 1}`,
          )
        const statistics = await kept({ metric, of: requireFit(asked, metric, metricByName(metric)?.kind) })
        return statistics.view(partition)
      },
    }),
  ]
}

interface Asked {
  readonly metric: string
  readonly of: StatisticsOf
}

/** Statistics up to date: those that were asked for lately are kept and follow what changes. */
function createKept(make: (asked: Asked) => Statistics): (asked: Asked) => Promise<Statistics> {
  const kept = new Map<string, { readonly statistics: Statistics; turn: Promise<unknown> }>()
  return async (asked) => {
    const key = `${asked.of}/${asked.metric}`
    const entry = kept.get(key) ?? { statistics: make(asked), turn: Promise.resolve() }
    // The one asked for last is the last to be forgotten.
    kept.delete(key)
    kept.set(key, entry)
    for (const oldest of kept.keys()) {
      if (kept.size <= serveLimits.statisticsKept) break
      kept.delete(oldest)
    }
    const turn = entry.turn.catch(() => undefined).then(() => entry.statistics.refresh())
    entry.turn = turn
    await turn
    return entry.statistics
  }
}
