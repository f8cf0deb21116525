import { limits, rangeFlag } from '@barograph/proto'
import type { Observation, Value } from '../sensor.ts'

/** What is wrong with an observation so that it cannot be an entry; null: nothing. */
export function findDefect({ time, values }: Observation): string | null {
  if (time !== null && !(time >= limits.earliestTimeMs && time <= limits.latestTimeMs))
    return `an observation at time ${time}`
  if (values.length > limits.columnsPerRun)
    return `${values.length} values in one observation, allowed are ${limits.columnsPerRun}`
  const names = new Set<string>()
  for (const { metric, thousandths } of values) {
    if (!Number.isSafeInteger(thousandths) || Math.abs(thousandths) >= limits.value)
      return `${metric.name} is ${thousandths} thousandths: a whole number below 2^40 is allowed`
    if (names.has(metric.name)) return `two values of ${metric.name} in one observation`
    names.add(metric.name)
  }
  return null
}

/** The value with the flag that the published range rule gives it, unless its sensor flagged it already. */
export function flagged(value: Value): Value {
  const flag = value.flag || rangeFlag(value.metric, value.thousandths)
  return flag === value.flag ? value : { ...value, flag }
}
