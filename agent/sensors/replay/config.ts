import { z } from 'zod'
import { isTimePattern, timeZoneSchema } from '../time-rule.ts'
import { checkValueRules, valueKeys } from '../value-rule.ts'

const columnName = z.string().min(1).max(200)

const timeColumn = z.strictObject({
  column: columnName,
  unit: z.enum(['iso', 's', 'ms']).default('iso'),
  /** For times in other letters, such as `dd.MM.yyyy HH:mm`. */
  pattern: z
    .string()
    .refine(isTimePattern, 'allowed: yyyy, MM and dd once each, and HH, mm, ss, with any signs between')
    .optional(),
  timeZone: timeZoneSchema.optional(),
})

const timeColumns = z.strictObject({
  columns: z.strictObject({
    year: columnName,
    month: columnName,
    day: columnName,
    hour: columnName.optional(),
    minute: columnName.optional(),
    second: columnName.optional(),
  }),
  timeZone: timeZoneSchema,
})

const scalar = z.union([z.string(), z.number(), z.boolean()])

/** Keys of a `type: replay` sensor. */
export const replaySchema = z.strictObject({
  file: z.string().min(1),
  /** max: as fast as it is stored; 1: as it was; 60: a minute each second. */
  speed: z.union([z.literal('max'), z.number().positive().max(1e9)]).default('max'),
  /** How far apart the rows are, ms: what coverage is counted by. 0: they keep no interval. */
  intervalMs: z.int().min(0).max(2_147_483_647).default(0),
  /** Begin again at the end, a whole number of days later each time. */
  loop: z.boolean().default(false),
  delimiter: z.string().length(1).default(','),
  decimal: z.enum(['.', ',']).default('.'),
  time: z.union(
    [timeColumn, timeColumns],
    'allowed: { column } or { columns: { year, month, day, ... }, timeZone }',
  ),
  /** Only rows in which each of these columns has this value, or one of these. */
  where: z.record(columnName, z.union([scalar, z.array(scalar).min(1)])).default({}),
  /** Words that stand for no value, beside an empty field. */
  missing: z
    .union([z.string(), z.array(z.string())])
    .transform((words) => (typeof words === 'string' ? [words] : words))
    .default([]),
  values: z
    .record(z.string(), z.strictObject({ column: columnName, ...valueKeys }))
    .refine((values) => Object.keys(values).length > 0, 'at least one metric')
    .superRefine(checkValueRules),
})

export type ReplayConfig = z.output<typeof replaySchema>
