import { CodedError, type Kind } from '@barograph/proto'
import { fits, type StatisticsOf, statisticsOf, usualOf } from './of.ts'

/** What to make statistics of, as far as the metric has it. `kind`: undefined for a custom one. Throws `bad-statistics`. */
export function requireFit(
  of: StatisticsOf | undefined,
  metric: string,
  kind: Kind | undefined,
): StatisticsOf {
  const wanted = of ?? usualOf(kind ?? 'level')
  if (kind === undefined || fits(wanted, kind)) return wanted
  const possible = statisticsOf.filter((one) => fits(one, kind))
  throw new CodedError('bad-statistics', `${metric} is a ${kind}: it has no ${wanted}.`, {
    hint: possible.length > 0 ? `Possible: ${possible.join(', ')}` : 'Directions have no statistics of days.',
  })
}
