// What the audit expects stored documents to look like, written from their description and not from the code that
// makes them: a document of another shape is a difference, never a crash.
import { z } from 'zod'

const whole = z.int()
const position = z.strictObject({ g: whole.min(0), n: whole.min(0) })
const kind = z.enum(['level', 'total', 'direction'])
/** A sum: a number while that is exact, else its digits. */
const sum = z
  .union([whole, z.strictObject({ $big: z.string().regex(/^-?\d{1,40}$/) })])
  .transform((value) => BigInt(typeof value === 'number' ? value : value.$big))
/** first, last, first, last, ...: ascending, disjoint, not touching. */
const rangeSet = z.array(whole.min(1)).refine(isAscending, 'ranges that ascend and do not touch')
const named = { id: z.string(), o: position, device: z.string(), sensor: z.string() }

function isAscending(set: readonly number[]): boolean {
  if (set.length % 2 !== 0) return false
  return set.every((n, i) => i === 0 || (i % 2 === 1 ? n >= (set[i - 1] ?? n) : n > (set[i - 1] ?? n) + 1))
}

const figures = z.strictObject({
  unit: z.string(),
  kind,
  count: whole,
  flagged: whole,
  suspect: whole,
  sum,
  sine: whole,
  cosine: whole,
  min: whole,
  minAt: whole,
  max: whole,
  maxAt: whole,
  first: whole,
  firstAt: whole,
  last: whole,
  lastAt: whole,
})

/** The documents that the audit checks in full have no other fields; of the others it reads what it needs. */
export const schemas = {
  settings: z.object({
    id: z.string(),
    o: position,
    history: z.array(
      z.object({
        at: position,
        defaultTimeZone: z.string(),
        levels: z.array(z.string()),
        of: z.object({ partition: z.number(), partitions: z.number() }).optional(),
      }),
    ),
  }),
  devices: z.object({
    id: z.string(),
    o: position,
    device: z.string(),
    partition: whole,
    sites: z.array(
      z.object({
        at: position,
        version: whole,
        timeZone: z.string(),
        validFrom: whole,
        heldBack: z.record(z.string(), whole).optional(),
      }),
    ),
    sealedUntil: z.record(z.string(), whole).default({}),
  }),
  streams: z.object({
    ...named,
    largestTime: whole.nullable(),
    smallestTime: whole.nullable(),
    expiredBefore: z.record(z.string(), whole).default({}),
  }),
  epochs: z.strictObject({
    ...named,
    epoch: z.string(),
    seen: rangeSet,
    expired: rangeSet.default([]),
    quarantined: z.record(z.string(), rangeSet),
    lost: z.record(z.string(), rangeSet),
    refused: z.record(z.string(), rangeSet),
    ended: whole.min(0).nullable(),
    accepted: whole.min(0),
    firstIngest: z.number(),
    gaps: z
      .array(z.strictObject({ first: whole, last: whole, since: whole, healed: whole.nullable() }))
      .optional(),
    gapsHealed: whole.min(0).optional(),
  }),
  readings: z.strictObject({
    ...named,
    epoch: z.string(),
    index: whole.min(0),
    firstTime: whole.nullable(),
    lastTime: whole.nullable(),
    times: z.array(whole.nullable()),
    columns: z.record(
      z.string(),
      z.strictObject({
        unit: z.string(),
        kind,
        values: z.array(whole.nullable()),
        flags: z.array(whole.min(0).max(255)).optional(),
      }),
    ),
    intervals: z.array(z.tuple([whole, whole, whole.min(0)])),
    marks: z.array(
      z.strictObject({
        seq: whole,
        time: whole,
        kind: z.enum(['fault', 'start', 'stop']),
        code: z.string(),
        detail: z.string(),
      }),
    ),
    events: z.array(
      z.strictObject({
        first: whole,
        last: whole,
        at: position,
        what: z.enum(['arrived', 'quarantined', 'summarised', 'released']),
        reason: z.string().optional(),
      }),
    ),
    summaries: z.array(whole.min(1)).default([]),
    newestIngest: z.number().nullable().default(null),
  }),
  summaries: z.strictObject({
    ...named,
    epoch: z.string(),
    firstSeq: whole.min(1),
    lastSeq: whole.min(1),
    at: position.optional(),
    intervalMs: whole.min(0),
    minutes: z.array(
      z.strictObject({ start: whole, received: whole.min(1), metrics: z.record(z.string(), figures) }),
    ),
  }),
  rollups: z.strictObject({
    ...named,
    level: z.string(),
    set: whole.min(1).optional(),
    start: whole,
    end: whole,
    timeZone: z.string(),
    revision: whole.min(0),
    revisedAt: position.optional(),
    received: whole,
    coveredMs: whole,
    sealed: z.boolean(),
    metrics: z.record(
      z.string(),
      figures.extend({ parts: z.array(z.tuple([whole, whole, sum, whole, whole])).optional() }),
    ),
  }),
} as const

export type Collection = keyof typeof schemas
export type Documents = { [C in Collection]: z.output<(typeof schemas)[C]> }
export type Position = z.output<typeof position>
export type Kind = z.output<typeof kind>
export type StoredFigures = z.output<typeof figures>

/** How far a partition is folded. */
export interface Checkpoint {
  /** All records before it are folded, so every document holds them. */
  readonly position: Position
  /** No document is further. */
  readonly reach: number
}
