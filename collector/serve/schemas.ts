import type * as Api from '@barograph/proto/api'
import * as z from 'zod'
import { levels } from '../core/documents.ts'
import { statisticsOf } from '../core/statistics/of.ts'

/** Every schema that the documentation shows under a name of its own. */
export const components = z.registry<{ id: string }>()

/** A named schema whose output is exactly the type that clients are promised, checked both ways. */
const component =
  <T>(id: string) =>
  <S extends z.ZodType<T>>(schema: [T] extends [z.output<S>] ? S : never): S => {
    components.add(schema, { id })
    return schema
  }

const count = z.int().min(0)
const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/)
  .describe('ISO 8601, UTC')
const cursor = z.string().nullable().describe('Give it back as ?cursor= to go on; null: that was all')
const level = z.enum(levels)
const kind = z.enum(['level', 'total', 'direction'])
const word = z.string().describe('A word for programs')
const words = z.string().describe('A sentence for people')
const byMetric = <T extends z.ZodType>(schema: T) => z.record(z.string(), schema)
const optional = z.exactOptional

export const problem = component<Api.ApiProblem>('Problem')(
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: words,
    code: word,
    allowed: optional(z.string()),
  }),
)

const site = component<Api.ApiSite>('Site')(
  z.object({
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    altitudeM: z.number(),
    timeZone: z.string().describe('IANA time zone'),
  }),
)

const metric = component<Api.ApiMetric>('Metric')(z.object({ label: z.string(), unit: z.string(), kind }))

const flag = component<Api.ApiFlag>('Flag')(
  z.object({
    invalid: z.boolean().describe('true: left out of every figure; false: suspect, counted'),
    reason: words,
  }),
)

const values = byMetric(z.number()).describe("In the metric's unit, at most three decimals")
const flags = byMetric(flag)
const identity = { time, epoch: z.string(), seq: z.int().min(1) }
const quarantined = optional(z.string().describe('Why it waits for release and counts in no window'))

const reading = component<Api.ApiReading>('Reading')(
  z.object({ kind: z.literal('reading'), ...identity, values, flags: optional(flags), quarantined }),
)
const mark = component<Api.ApiMark>('Mark')(
  z.object({
    kind: z.enum(['fault', 'start', 'stop']),
    ...identity,
    code: word,
    detail: words,
    quarantined,
  }),
)
const fault = component<Api.ApiFault>('Fault')(z.object({ code: word, detail: words, since: time }))
const newest = component<Api.ApiNewest>('Newest')(z.object({ time, values, flags: optional(flags) }))

const sensor = component<Api.ApiSensor>('Sensor')(
  z.object({
    id: z.string(),
    type: z.string(),
    origin: z.enum(['measured', 'modelled', 'simulated', 'replayed']),
    intervalMs: count.describe('0: not scheduled'),
    metrics: byMetric(metric),
    finestLevel: level,
    newest: newest.nullable(),
    oldest: time.nullable(),
    fault: fault.nullable(),
    silent: z.boolean(),
    backlog: count,
    expiredBefore: z
      .partialRecord(level, time)
      .describe('Windows of these levels that ended by then were removed by retention'),
  }),
)

const status = z
  .enum(['replayed', 'offline', 'time-uncertain', 'sensor-fault', 'silent', 'catching-up', 'live'])
  .describe(`The first that holds. replayed: replayed data, whose own newest time is its now. offline: the device or its \
last will said so. time-uncertain: its clock is not set. sensor-fault: a sensor reports a fault. silent: every sensor \
is, for three intervals and at least 30 s. catching-up: it sends a backlog. live: none of these.`)

const conflict = component<Api.ApiConflict>('Conflict')(
  z.object({ since: time, last: time, epochs: z.array(z.string()), words }),
)

export const device = component<Api.ApiDevice>('Device')(
  z.object({
    id: z.string(),
    site: site.nullable(),
    sensors: z.array(sensor),
    primary: byMetric(z.string()).describe('For each metric the sensor that speaks for the device'),
    status,
    state: z.string().describe('What the device says of itself'),
    lastSeen: time.nullable(),
    newest: time.nullable().describe('Time of the newest reading'),
    now: time.describe("The collector's clock; of a replayed device its newest reading"),
    lagMs: z.int().nullable().describe('Age of the newest reading'),
    clock: z.enum(['synced', 'uncertain', 'historical']),
    clockSource: z
      .enum(['none', 'system', 'collector'])
      .nullable()
      .describe('Who set its clock. none: nobody yet, and what it stamps waits in the device'),
    clockErrorMs: z.number().nullable().describe('Its times are right within plus or minus this'),
    clockOffMs: z
      .number()
      .describe("How far the machine's own clock is ahead of the times that the device stamps"),
    backlog: count.describe('Readings on the device that are not stored yet, as it last said'),
    online: z.boolean(),
    agentVersion: z.string(),
    location: z.string(),
    batteryPercent: z.number().nullable(),
    partition: count,
    conflict: conflict.nullable().describe('Two agents run with this name'),
  }),
)

export const devices = component<Api.ApiDevices>('Devices')(z.object({ now: time, devices: z.array(device) }))

export const readings = component<Api.ApiReadings>('Readings')(
  z.object({ metrics: byMetric(metric), readings: z.array(z.union([reading, mark])), cursor }),
)

const meanPart = component<Api.ApiMeanPart>('MeanPart')(z.object({ start: time, mean: z.number() }))
const sumPart = component<Api.ApiSumPart>('SumPart')(z.object({ start: time, sum: z.number() }))
const parts = <T extends z.ZodType>(part: T) => ({
  highestHour: optional(part),
  lowestHour: optional(part),
  highestDay: optional(part),
  lowestDay: optional(part),
  highestMonth: optional(part),
  lowestMonth: optional(part),
})
const counts = { unit: z.string(), count, flagged: count, suspect: optional(count) }
const extremes = {
  min: z.number().nullable(),
  minAt: time.nullable(),
  max: z.number().nullable(),
  maxAt: time.nullable(),
}
const ends = { first: z.number().nullable(), last: z.number().nullable() }
const mean = z.number().nullable()

const levelFigures = component<Api.ApiLevelFigures>('LevelFigures')(
  z.object({ ...counts, sum: z.number(), mean, ...extremes, ...ends, ...parts(meanPart) }),
)
const totalFigures = component<Api.ApiTotalFigures>('TotalFigures')(
  z.object({ ...counts, sum: z.number(), ...extremes, ...ends, ...parts(sumPart) }),
)
const directionFigures = component<Api.ApiDirectionFigures>('DirectionFigures')(
  z.object({ ...counts, mean, ...ends }),
)

const rollupFields = {
  level,
  start: time,
  end: time,
  timeZone: z.string(),
  revision: count,
  received: count,
  expected: count.nullable().describe('Scheduled instants inside the window; null: no schedule'),
  coverage: z.number().min(0).max(1).nullable(),
  sealed: z.boolean(),
  open: optional(z.literal(true).describe("The window ends after the device's now")),
  metrics: byMetric(z.union([levelFigures, totalFigures, directionFigures])),
}
const rollup = component<Api.ApiRollup>('Rollup')(z.object(rollupFields))

export const rollups = component<Api.ApiRollups>('Rollups')(z.object({ rollups: z.array(rollup), cursor }))

const figuresOfDays = {
  count: count.describe('Days with a value; of readings: readings'),
  sum: z.number().describe('Exact; beyond 10^12 with more digits than a floating-point number holds'),
  avg: z.number().describe('The exact quotient, rounded half away from zero to three decimals'),
  start: z.iso.date().describe('First day with a value, a date at the site'),
  end: z.iso.date().describe('Last day with a value'),
}
const statistics = component<Api.ApiStatistics>('Statistics')(z.object(figuresOfDays))
const deviceStatistics = component<Api.ApiDeviceStatistics>('DeviceStatistics')(
  z.object({
    sensor: z.string(),
    unit: z.string(),
    ...figuresOfDays,
    months: z.record(z.string(), statistics).describe('By YYYY-MM'),
    years: z.record(z.string(), statistics).describe('By YYYY'),
  }),
)
export const partitionStatistics = component<Api.ApiPartitionStatistics>('PartitionStatistics')(
  z.object({
    partition: count,
    metric: z.string(),
    of: z.enum(statisticsOf),
    devices: z.record(z.string(), deviceStatistics),
  }),
)

const missing = {
  epoch: z.string(),
  firstSeq: z.int().min(1),
  lastSeq: z.int().min(1),
  count: z.int().min(1),
}
const neighbours = {
  after: time.nullable().describe('Time of the entry before the missing range'),
  before: time.nullable().describe('Time of the entry after it'),
}
const gap = component<Api.ApiGap>('Gap')(
  z.object({
    ...missing,
    cause: z.enum(['lost', 'refused', 'on-its-way', 'unknown']),
    reason: z.string().describe('The declared cause or reason; empty for the others'),
    words: words.describe('The cause in words'),
    since: time.nullable().describe('When the collector learned that they are missing'),
    ...neighbours,
  }),
)
const healedGap = component<Api.ApiHealedGap>('HealedGap')(
  z.object({ ...missing, since: time, healedAt: time, ...neighbours }),
)
const ahead = component<Api.ApiAhead>('Ahead')(z.object({ ...missing, after: neighbours.after }))
const pause = component<Api.ApiPause>('Pause')(
  z.object({
    kind: z.enum(['fault', 'stop', 'off']).describe('off: the agent was not running and could not say so'),
    code: word,
    detail: words,
    start: time,
    end: time.nullable().describe('Time of the next reading; null: it lasts'),
    count: z.int().min(1),
  }),
)
export const gaps = component<Api.ApiGaps>('Gaps')(
  z.object({
    gaps: z.array(gap),
    healed: z.array(healedGap).describe('With the first page only; the newest healing first'),
    healedTotal: count.describe('Gaps that ever healed'),
    ahead: z.array(ahead).describe('Accepted and on their way, beyond all that came: not gaps'),
    pauses: z.array(pause),
    from: time.nullable(),
    to: time.nullable(),
    cursor,
  }),
)

export const latest = component<Api.ApiLatest>('Latest')(
  z.object({
    now: time,
    devices: z.array(
      z.object({
        device: z.string(),
        site: z.string(),
        status,
        sensors: z.array(z.object({ sensor: z.string(), window: rollup.nullable() })),
      }),
    ),
  }),
)

const deliveryFields = {
  accepted: count,
  logged: count,
  stored: count,
  quarantined: count,
  quarantine: z.record(z.string(), count).describe('Of the quarantined, by reason'),
  refused: count,
  lost: count,
  onTheWay: count,
  toStore: count.describe('Of onTheWay: in the log, waiting for the store'),
  backlog: count,
  gaps: count,
  unexplained: count.describe('Of the gaps those that nobody explains'),
  gapsOnTheWay: count.describe('Gaps that heal by what is on its way'),
  missing: count.describe('Numbers that all these gaps lack'),
  gapsHealed: count.describe('Gaps that ever healed'),
  late: count.describe('Records that changed a window after it was over'),
  lateReadings: count.describe('Readings in them'),
  revised: count.describe('Windows of all levels that they changed, each once'),
}
const delivery = component<Api.ApiDelivery>('Delivery')(z.object(deliveryFields))
export const deliveries = component<Api.ApiDeliveries>('Deliveries')(
  z.object({
    now: time,
    total: delivery,
    devices: z.array(z.object({ device: z.string(), ...deliveryFields })),
    deadLetters: z.record(z.string(), count),
  }),
)

export const deadLetter = component<Api.ApiDeadLetter>('DeadLetter')(
  z.object({
    id: z.int(),
    time,
    topic: z.string(),
    device: z.string().nullable(),
    code: word,
    reason: words,
    bytes: count,
    payload: optional(z.string().describe('Base64')),
  }),
)
export const deadLetters = component<Api.ApiDeadLetters>('DeadLetters')(
  z.object({ deadLetters: z.array(deadLetter), cursor }),
)

const audit = component<Api.ApiAudit>('Audit')(
  z.object({
    finished: time,
    seconds: z.number().describe('How long it took'),
    equal: z.boolean().describe('Nothing differs'),
    account: z
      .object({
        accepted: count,
        stored: count,
        quarantined: count,
        refused: count,
        lost: count,
        onTheWay: count,
      })
      .describe('accepted = stored + quarantined + refused + lost + onTheWay'),
    onTheWay: z.array(
      z.object({
        epoch: z.string().describe('device/sensor/epoch'),
        count,
        ranges: z.array(z.array(count)).describe('The first of them: [first, last]'),
      }),
    ),
    onTheWayEpochs: count,
    recordsAhead: count.describe('Records that were not folded yet'),
    checked: z.object({
      devices: count,
      streams: count,
      epochs: count,
      buckets: count,
      readings: count,
      quarantined: count,
      marks: count,
      summaries: count,
      summarised: count,
      rollups: z.record(z.string(), count),
      sealed: z
        .record(z.string(), count)
        .describe('Of them those that cannot be recomputed: raw readings of theirs have expired'),
      expired: z
        .record(z.string(), count)
        .describe('Windows that retention dropped and that are still there'),
      leftOver: count.describe('Windows of sets that do not hold any more: the next rebuild drops them'),
      fields: count,
    }),
    findings: z.array(words).describe('What the differences come from'),
    differences: z.array(
      z.object({
        collection: z.string(),
        id: z.string(),
        field: z.string(),
        stored: z.string(),
        recomputed: z.string(),
      }),
    ),
    differenceCount: count,
  }),
)
export const lastAudit = component<Api.ApiLastAudit>('LastAudit')(z.object({ audit: audit.nullable() }))

export const health = component<Api.ApiHealth>('Health')(
  z.object({ status: z.literal('ok'), version: z.string(), uptimeMs: count }),
)
export const session = component<Api.ApiSession>('Session')(
  z.object({
    asked: z.boolean().describe('true: a token is needed; false: whoever reaches this collector may'),
    role: z.enum(['viewer', 'operator']).nullable().describe('null: not signed in'),
    name: z.string().nullable().describe('of the token'),
    expires: time.nullable().describe('of a browser that signed in'),
  }),
)
export const readiness = component<Api.ApiReadiness>('Readiness')(
  z.object({
    ready: z.boolean(),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: words })),
  }),
)

const ofStream = { device: z.string(), sensor: z.string() }
const token = z.string().describe('The resume token')

const snapshot = component<Api.LiveSnapshot>('LiveSnapshot')(
  z.object({
    type: z.literal('snapshot'),
    cursor: token,
    now: time,
    version: z.string(),
    devices: z.array(device),
  }),
)
const changes = component<Api.LiveChanges>('LiveChanges')(
  z.object({
    type: z.literal('changes'),
    cursor: token,
    now: time,
    devices: z.array(device),
    rollups: z.array(z.object({ ...ofStream, ...rollupFields })),
  }),
)
const liveReadings = component<Api.LiveReadings>('LiveReadings')(
  z.object({
    type: z.literal('readings'),
    now: time,
    readings: z.array(
      z.union([z.object({ ...ofStream, ...reading.shape }), z.object({ ...ofStream, ...mark.shape })]),
    ),
    skipped: count,
  }),
)
const heartbeat = component<Api.LiveHeartbeat>('LiveHeartbeat')(
  z.object({ type: z.literal('heartbeat'), cursor: token, now: time }),
)
const liveError = component<Api.LiveError>('LiveError')(z.object({ type: z.literal('error'), problem }))

/** Every frame that a live client may get. */
export const liveFrame = component<Api.LiveFrame>('LiveFrame')(
  z.union([snapshot, changes, liveReadings, heartbeat, liveError]),
)

const quarantinedItem = component<Api.ApiQuarantined>('Quarantined')(
  z.object({
    device: z.string(),
    sensor: z.string(),
    epoch: z.string(),
    reason: words,
    count: count.describe('Entries'),
    ranges: count.describe('Ranges that their numbers fall into'),
    oldest: z
      .array(z.object({ firstSeq: z.int().min(1), lastSeq: z.int().min(1) }))
      .describe('The first of these ranges'),
    firstTime: time.nullable().describe('Of the first by number; null: not there any more'),
    lastTime: time.nullable().describe('Of the last by number'),
  }),
)
export const quarantine = component<Api.ApiQuarantine>('Quarantine')(
  z.object({
    total: count.describe('Entries that wait, those left out of the items too'),
    items: z.array(quarantinedItem),
  }),
)
export const released = component<Api.ApiReleased>('Released')(
  z.object({
    released: count.describe('Entries that the release names'),
    records: count.describe('Records of the log that it takes'),
    dryRun: z.boolean(),
  }),
)
