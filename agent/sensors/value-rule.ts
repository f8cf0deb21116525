import {
  CodedError,
  converter,
  customMetric,
  limits,
  metricByName,
  toThousandths,
  type Metric,
} from '@barograph/proto'
import { z } from 'zod'
import type { Value } from '../core/sensor.ts'

/** How numbers of a source become values of a metric. */
export interface ValueRule {
  readonly metric: Metric
  /** From the source's unit to the metric's. */
  convert(value: number): number
}

/** Keys that every mapped value may have: `unit` is the source's, `kind` only for a metric of one's own. */
export const valueKeys = {
  unit: z.string().min(1).max(16).optional(),
  kind: z.enum(['level', 'total', 'direction']).optional(),
}

interface ValueOptions {
  readonly unit?: string | undefined
  readonly kind?: 'level' | 'total' | 'direction' | undefined
}

/**
 * The rule for a metric of the catalogue, its unit converted, or for a custom one, whose unit is what the source has.
 * Throws `bad-metric` and `unknown-unit`.
 */
export function valueRule(name: string, { unit, kind }: ValueOptions): ValueRule {
  const known = metricByName(name)
  if (!known) {
    if (unit === undefined)
      throw new CodedError('bad-metric', `"${name}" is not in the catalogue: give its unit (and kind)`)
    return { metric: customMetric(name, unit, kind ?? 'level'), convert: (value) => value }
  }
  if (kind !== undefined && kind !== known.kind)
    throw new CodedError('bad-metric', `"${name}" is of kind ${known.kind} in the catalogue, not ${kind}`)
  return { metric: known, convert: unit === undefined ? (value) => value : converter(unit, known.unit) }
}

/** Reports, as a refinement of a `values:` mapping, each metric or unit that no rule can be made for. */
export function checkValueRules(
  values: Readonly<Record<string, ValueOptions>>,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  for (const [name, options] of Object.entries(values)) {
    try {
      valueRule(name, options)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      const message = error.hint ? `${error.message}; ${error.hint}` : error.message
      context.addIssue({
        code: 'custom',
        path: error.code === 'unknown-unit' ? [name, 'unit'] : [name],
        message,
      })
    }
  }
}

/** The value of a number in the source's unit; null when no value can be so large. Ranges are the sampler's to judge. */
export function toValue(rule: ValueRule, raw: number): Value | null {
  const thousandths = toThousandths(rule.convert(raw))
  if (!(Math.abs(thousandths) < limits.value)) return null
  return { metric: rule.metric, thousandths, flag: 0 }
}
