/**
 * Every answer of the collector's HTTP interface and every frame of its WebSocket, as TypeScript types. The collector's
 * schemas (/openapi.json) are checked against these. Times are ISO 8601 UTC; values are in the metric's unit with at
 * most three decimals.
 */

/** `2013-03-10T05:00:00Z`; milliseconds are written only when there are any. */
export type IsoTime = string

export type ApiLevel = '10s' | '1m' | 'hour' | 'day' | 'week' | 'month' | 'year'
export type ApiKind = 'level' | 'total' | 'direction'
export type ApiOrigin = 'measured' | 'modelled' | 'simulated' | 'replayed'
export type ApiClock = 'synced' | 'uncertain' | 'historical'

/** An RFC 9457 problem document (`application/problem+json`): what every error answers. */
export interface ApiProblem {
  /** Where it is explained: a path of this server. */
  type: string
  title: string
  status: number
  /** What is wrong, and where. */
  detail: string
  /** A word that programs can compare. */
  code: string
  /** What is allowed, where that helps. */
  allowed?: string
}

export interface ApiSite {
  name: string
  latitude: number
  longitude: number
  altitudeM: number
  timeZone: string
}

export interface ApiMetric {
  label: string
  unit: string
  kind: ApiKind
}

export interface ApiFlag {
  /** True: left out of every figure. False: suspect, counted. */
  invalid: boolean
  /** In words. */
  reason: string
}

/** One sample. Device, sensor, epoch and number are its identity; values and flags are by metric. */
export interface ApiReading {
  kind: 'reading'
  time: IsoTime
  epoch: string
  seq: number
  values: Record<string, number>
  /** Only metrics whose value is doubted; absent: none is. */
  flags?: Record<string, ApiFlag>
  /** Why it waits for release and counts in no window; absent: it counts. */
  quarantined?: string
}

/** An entry that says something of the sensor instead of carrying values. */
export interface ApiMark {
  kind: 'fault' | 'start' | 'stop'
  time: IsoTime
  epoch: string
  seq: number
  /** A word for programs, empty without a cause. */
  code: string
  /** A sentence for people. */
  detail: string
  quarantined?: string
}

export type ApiEntry = ApiReading | ApiMark

export interface ApiFault {
  code: string
  detail: string
  since: IsoTime
}

/** The newest reading that counts. */
export interface ApiNewest {
  time: IsoTime
  values: Record<string, number>
  flags?: Record<string, ApiFlag>
}

export interface ApiSensor {
  id: string
  type: string
  origin: ApiOrigin
  /** How often it is scheduled, ms; 0: it is not. */
  intervalMs: number
  metrics: Record<string, ApiMetric>
  /** The finest level that is kept of it. */
  finestLevel: ApiLevel
  newest: ApiNewest | null
  /** Time of its first reading. */
  oldest: IsoTime | null
  fault: ApiFault | null
  /** Its newest reading is older than three intervals (at least 30 s) by the device's now. */
  silent: boolean
  /** Readings on the device that are not stored yet, as it last said. */
  backlog: number
  /** Windows of these levels that ended by then were removed by retention. */
  expiredBefore: Partial<Record<ApiLevel, IsoTime>>
}

/**
 * replayed: replayed or generated data, whose own newest time is its now. offline: the device or its last will said
 * so. time-uncertain: its clock is not set. sensor-fault: a sensor reports a fault. silent: every sensor is.
 * catching-up: it sends a backlog. live: none of these. The first in this order that holds.
 */
export type ApiStatus =
  | 'replayed'
  | 'offline'
  | 'time-uncertain'
  | 'sensor-fault'
  | 'silent'
  | 'catching-up'
  | 'live'

export interface ApiDevice {
  id: string
  site: ApiSite | null
  sensors: ApiSensor[]
  /** For each metric the sensor that speaks for the device. */
  primary: Record<string, string>
  status: ApiStatus
  /** What the device says of itself, in words; empty: nothing. */
  state: string
  /** When the collector last got anything from it. */
  lastSeen: IsoTime | null
  /** Time of its newest reading. */
  newest: IsoTime | null
  /** The device's now: the collector's clock, or the newest reading of a replayed device. */
  now: IsoTime
  /** Age of the newest reading; null: there is none, or the device is replayed. */
  lagMs: number | null
  clock: ApiClock
  /** Who set the clock; none: nobody yet, and what it stamps waits in the device; null: the device does not tell. */
  clockSource: 'none' | 'system' | 'collector' | null
  /** Its times are right within plus or minus this; null: nobody knows. */
  clockErrorMs: number | null
  /** How far the machine's own clock is ahead of the times that the device stamps; 0: that clock is used. */
  clockOffMs: number
  /** Readings on the device that are not stored yet, as it last said. */
  backlog: number
  online: boolean
  agentVersion: string
  location: string
  batteryPercent: number | null
  partition: number
  /** Two agents run with its name; null: one does. */
  conflict: ApiConflict | null
}

/** Runs of an agent that take turns under one name. Over 90 s after the last turn. */
export interface ApiConflict {
  since: IsoTime
  /** When one spoke last after the other. */
  last: IsoTime
  /** The runs, each an epoch. */
  epochs: string[]
  /** What it means and the way out, for people. */
  words: string
}

/** GET /api/v1/devices */
export interface ApiDevices {
  now: IsoTime
  devices: ApiDevice[]
}

/** GET /api/v1/devices/{device}/sensors/{sensor}/readings: by time, then epoch and number. */
export interface ApiReadings {
  metrics: Record<string, ApiMetric>
  readings: ApiEntry[]
  /** Give it back to go on; null: that was all. */
  cursor: string | null
}

/** The hour, day or month with the highest or lowest mean; ties go to the earliest. */
export interface ApiMeanPart {
  start: IsoTime
  mean: number
}

/** The same of a total: by sum. */
export interface ApiSumPart {
  start: IsoTime
  sum: number
}

/** Figures of a level. With count 0 (all flagged) sum is 0 and the others are null. */
export interface ApiLevelFigures {
  unit: string
  count: number
  flagged: number
  /** Counted, but doubted; absent: 0. */
  suspect?: number
  sum: number
  mean: number | null
  min: number | null
  minAt: IsoTime | null
  max: number | null
  maxAt: IsoTime | null
  first: number | null
  last: number | null
  /** In a day. */
  highestHour?: ApiMeanPart
  lowestHour?: ApiMeanPart
  /** In a week and a month. */
  highestDay?: ApiMeanPart
  lowestDay?: ApiMeanPart
  /** In a year. */
  highestMonth?: ApiMeanPart
  lowestMonth?: ApiMeanPart
}

/** Figures of a total: a sum, no mean. */
export interface ApiTotalFigures {
  unit: string
  count: number
  flagged: number
  suspect?: number
  sum: number
  min: number | null
  minAt: IsoTime | null
  max: number | null
  maxAt: IsoTime | null
  first: number | null
  last: number | null
  highestHour?: ApiSumPart
  lowestHour?: ApiSumPart
  highestDay?: ApiSumPart
  lowestDay?: ApiSumPart
  highestMonth?: ApiSumPart
  lowestMonth?: ApiSumPart
}

/** Figures of a direction: mean of the angles as vectors, null when they cancel out. */
export interface ApiDirectionFigures {
  unit: string
  count: number
  flagged: number
  suspect?: number
  mean: number | null
  first: number | null
  last: number | null
}

export type ApiFigures = ApiLevelFigures | ApiTotalFigures | ApiDirectionFigures

export interface ApiRollup {
  level: ApiLevel
  start: IsoTime
  end: IsoTime
  timeZone: string
  revision: number
  received: number
  /** Scheduled instants inside the window; null: the sensor is not scheduled. */
  expected: number | null
  /** received / expected, at most 1, four decimals. */
  coverage: number | null
  sealed: boolean
  /** Present while the device's now is before the window's end: it is not complete yet. */
  open?: true
  metrics: Record<string, ApiFigures>
}

/** GET /api/v1/devices/{device}/sensors/{sensor}/rollups: ascending by start. */
export interface ApiRollups {
  rollups: ApiRollup[]
  cursor: string | null
}

/** lost, refused: declared, `reason` says why. on-its-way: the device still holds it. unknown: nobody says. */
export type ApiGapCause = 'lost' | 'refused' | 'on-its-way' | 'unknown'

/** A range of missing sequence numbers: a number beyond them has come, was declared, or is the last of its run. */
export interface ApiGap {
  epoch: string
  firstSeq: number
  lastSeq: number
  count: number
  cause: ApiGapCause
  /** The declared cause or reason; empty for the others. */
  reason: string
  /** The cause in words. */
  words: string
  /** When the collector learned that they are missing; null: before it kept that. */
  since: IsoTime | null
  /** Event time of the entry before the missing range and of the one after it; null: there is none, or not known. */
  after: IsoTime | null
  before: IsoTime | null
}

/** Numbers that were missing and have all come since. */
export interface ApiHealedGap {
  epoch: string
  firstSeq: number
  lastSeq: number
  count: number
  since: IsoTime
  healedAt: IsoTime
  /** Event time of the entry before them and of the one after them; null: there is none, or not known. */
  after: IsoTime | null
  before: IsoTime | null
}

/** Numbers beyond all that came: accepted by the device, and on their way. Not a gap. */
export interface ApiAhead {
  epoch: string
  firstSeq: number
  lastSeq: number
  count: number
  /** Event time of the entry before them. */
  after: IsoTime | null
}

/**
 * The sensor told that it had nothing to tell: from a fault or stop to the next reading. off: the agent was not running
 * and could not say so: from the last entry before to the first reading after its start.
 */
export interface ApiPause {
  kind: 'fault' | 'stop' | 'off'
  code: string
  detail: string
  start: IsoTime
  /** null: it lasts. */
  end: IsoTime | null
  /** Faults, stops and starts in it. */
  count: number
}

/** GET /api/v1/devices/{device}/sensors/{sensor}/gaps: gaps newest first; pauses ascending, within from and to. */
export interface ApiGaps {
  gaps: ApiGap[]
  /** With the first page only. Newest healing first; each run of the agent remembers its newest ones. */
  healed: ApiHealedGap[]
  /** Gaps that ever healed. */
  healedTotal: number
  /** With the first page only. */
  ahead: ApiAhead[]
  pauses: ApiPause[]
  /** The pauses were looked for from here to here. */
  from: IsoTime | null
  to: IsoTime | null
  cursor: string | null
}

/** GET /api/v1/latest: the newest window of the finest level kept. */
export interface ApiLatest {
  now: IsoTime
  devices: {
    device: string
    site: string
    status: ApiStatus
    sensors: { sensor: string; window: ApiRollup | null }[]
  }[]
}

/**
 * accepted = stored + quarantined + refused + lost + onTheWay; logged = what is stored or quarantined, or stands in
 * the log waiting to be.
 */
export interface ApiDelivery {
  accepted: number
  logged: number
  stored: number
  quarantined: number
  /** Of the quarantined, by reason. */
  quarantine: Record<string, number>
  refused: number
  lost: number
  onTheWay: number
  /** Of onTheWay: in the log, waiting for the store. The rest is not logged yet. */
  toStore: number
  /** On devices, not stored yet, as they last said. */
  backlog: number
  /** Ranges of missing numbers that are not on their way. */
  gaps: number
  /** Of them those that nobody explains. */
  unexplained: number
  /** Gaps that heal by what is on its way. */
  gapsOnTheWay: number
  /** Numbers that all these gaps lack. */
  missing: number
  /** Gaps that ever healed. */
  gapsHealed: number
  /** Records that changed a window after it was over, and the readings in them. */
  late: number
  lateReadings: number
  /** Windows of all levels that they changed, each once. */
  revised: number
}

/** GET /api/v1/delivery */
export interface ApiDeliveries {
  now: IsoTime
  total: ApiDelivery
  devices: ({ device: string } & ApiDelivery)[]
  /** Dead letters ever added, by code. */
  deadLetters: Record<string, number>
}

export interface ApiDeadLetter {
  id: number
  time: IsoTime
  topic: string
  device: string | null
  code: string
  reason: string
  bytes: number
  /** Base64, when asked for. */
  payload?: string
}

/** GET /api/v1/dead-letters: newest first. */
export interface ApiDeadLetters {
  deadLetters: ApiDeadLetter[]
  cursor: string | null
}

/** The sum of an epoch, or of all: accepted = stored + quarantined + refused + lost + onTheWay. */
export interface ApiAuditAccount {
  accepted: number
  stored: number
  quarantined: number
  refused: number
  lost: number
  onTheWay: number
}

/** One thing that was not as it must be. */
export interface ApiAuditDifference {
  collection: string
  id: string
  field: string
  stored: string
  recomputed: string
}

/** What an audit looked at, and what it found. */
export interface ApiAudit {
  finished: IsoTime
  /** How long it took, s. */
  seconds: number
  /** True: nothing differs. */
  equal: boolean
  account: ApiAuditAccount
  /** Numbers that devices may still send, by epoch: the first of them as [first, last]. */
  onTheWay: { epoch: string; count: number; ranges: number[][] }[]
  onTheWayEpochs: number
  /** Records that were not folded yet. */
  recordsAhead: number
  checked: {
    devices: number
    streams: number
    epochs: number
    buckets: number
    readings: number
    quarantined: number
    marks: number
    summaries: number
    summarised: number
    rollups: Record<string, number>
    /** Of them those that cannot be recomputed: raw readings of theirs have expired. */
    sealed: Record<string, number>
    /** Windows that retention dropped and that are still there, by level. */
    expired: Record<string, number>
    /** Windows of sets that do not hold any more: the next rebuild drops them. */
    leftOver: number
    fields: number
  }
  /** What the differences come from, in sentences. */
  findings: string[]
  /** The first of them; differenceCount counts all. */
  differences: ApiAuditDifference[]
  differenceCount: number
}

/** GET /api/v1/audit: the last audit of this store; null: there was none. */
export interface ApiLastAudit {
  audit: ApiAudit | null
}

/** GET /healthz: the process answers. */
export interface ApiHealth {
  status: 'ok'
  version: string
  uptimeMs: number
}

/** GET, POST and DELETE /api/v1/session: who is asking. */
export interface ApiSession {
  /** False: nobody is asked for a token here. */
  asked: boolean
  /** What the caller may do; null: not signed in. */
  role: 'viewer' | 'operator' | null
  /** Of the token; null: not signed in, or nobody is asked. */
  name: string | null
  /** When a browser's session ends unless it is used; null for all others. */
  expires: IsoTime | null
}

/** GET /readyz: 200 with ready true, 503 with ready false; each check in words. */
export interface ApiReadiness {
  ready: boolean
  checks: { name: string; ok: boolean; detail: string }[]
}

/** Entries of one epoch that are stored and count in no window until they are released, for one reason. */
export interface ApiQuarantined {
  device: string
  sensor: string
  epoch: string
  reason: string
  count: number
  /** Ranges that the numbers fall into. */
  ranges: number
  /** The first of these ranges. */
  oldest: { firstSeq: number; lastSeq: number }[]
  /** Of the first and the last of them by number; null: not there any more. */
  firstTime: IsoTime | null
  lastTime: IsoTime | null
}

/** GET /api/v1/quarantine */
export interface ApiQuarantine {
  /** Entries that wait, those of items left out too. */
  total: number
  items: ApiQuarantined[]
}

/** POST /api/v1/quarantine/release */
export interface ApiRelease {
  device: string
  sensor?: string
  epoch?: string
  reason?: string
  firstSeq?: number
  lastSeq?: number
  by: string
  why?: string
  /** true: only tell what would be released. */
  dryRun?: boolean
}

export interface ApiReleased {
  /** Entries that the release names. */
  released: number
  /** Records of the log that it takes. */
  records: number
  dryRun: boolean
}

/**
 * What a client of /api/v1/live may say at any time; what is left out stays as it was. A new subscription is answered by a
 * new snapshot. In the address: `?devices=a,b&levels=hour,day&readings=false&resume=CURSOR`.
 */
export interface LiveSubscribe {
  type: 'subscribe'
  /** null: all. */
  devices?: string[] | null
  /** Windows of these levels; default: all. */
  levels?: ApiLevel[]
  /** Raw readings as they arrive; default: true. */
  readings?: boolean
}

/** The first frame, unless a resume token was accepted: `changes` then. */
export interface LiveSnapshot {
  type: 'snapshot'
  /** The resume token. */
  cursor: string
  now: IsoTime
  version: string
  /** The devices subscribed to, with the newest reading of each sensor. */
  devices: ApiDevice[]
}

/** What changed since the last frame, each device and window once, as it is now. */
export interface LiveChanges {
  type: 'changes'
  cursor: string
  now: IsoTime
  devices: ApiDevice[]
  rollups: ({ device: string; sensor: string } & ApiRollup)[]
}

/**
 * Entries as they reach the log, before they are stored. Some may come twice and, for a slow client or in a backfill,
 * some not at all: identity and windows are exact, this is for the pen.
 */
export interface LiveReadings {
  type: 'readings'
  now: IsoTime
  readings: ({ device: string; sensor: string } & ApiEntry)[]
  /** Entries left out of this frame; older ones of the same streams. */
  skipped: number
}

/** Every 15 s, so that a browser knows the connection lives. */
export interface LiveHeartbeat {
  type: 'heartbeat'
  cursor: string
  now: IsoTime
}

/** The last message of the client was not understood; the subscription stays as it was. */
export interface LiveError {
  type: 'error'
  problem: ApiProblem
}

export type LiveFrame = LiveSnapshot | LiveChanges | LiveReadings | LiveHeartbeat | LiveError

/** What statistics are made of: a figure of each day, or every reading. */
export type ApiStatisticsOf = 'daily-mean' | 'daily-max' | 'daily-min' | 'daily-sum' | 'readings'

/**
 * Figures of some days. `sum` is exact: beyond 10^12 it is written with all its digits, which a reader that makes floating-point
 * numbers of them rounds to the nearest.
 */
export interface ApiStatistics {
  /** Days with a value; of `readings`: readings. */
  count: number
  sum: number
  /** The exact quotient, rounded half away from zero to three decimals. */
  avg: number
  /** First and last day with a value: dates at the site. */
  start: string
  end: string
}

export interface ApiDeviceStatistics extends ApiStatistics {
  /** The device's primary sensor of the metric. */
  sensor: string
  unit: string
  /** By `YYYY-MM`, ascending. */
  months: Record<string, ApiStatistics>
  /** By `YYYY`, ascending. */
  years: Record<string, ApiStatistics>
}

/** What `partition-N.json` holds. Devices without a value of the metric are left out. */
export interface ApiPartitionStatistics {
  partition: number
  metric: string
  of: ApiStatisticsOf
  devices: Record<string, ApiDeviceStatistics>
}
