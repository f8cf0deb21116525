import { idPattern, isTimeZone } from '@barograph/proto'
import { z } from 'zod'

const id = z
  .string()
  .regex(idPattern, '1 to 63 small letters, digits and hyphens are allowed, not beginning with a hyphen')

const number = (least: number, most: number) => z.number().min(least).max(most)
const count = (least: number, most: number) => z.int().min(least).max(most)

const site = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  latitude: number(-90, 90),
  longitude: number(-180, 180),
  altitudeM: number(-500, 10_000).default(0),
  timeZone: z
    .string()
    .refine(isTimeZone, 'an IANA time zone is allowed, such as Europe/Berlin, America/New_York or UTC'),
})

const uplink = z.strictObject({
  url: z
    .string()
    .refine(isBrokerUrl, 'an address such as mqtt://127.0.0.1:1883 or mqtts://broker.example:8883 is allowed')
    .default('mqtt://127.0.0.1:1883'),
  token: z.string().min(1).optional(),
  lingerMs: count(0, 3_600_000).default(0),
  maxBatchEntries: count(1, 8_192).default(500),
  backfillPerSecond: count(1, 1_000_000).default(5_000),
  creditEntries: count(100, 100_000).default(10_000),
})

const buffer = z.strictObject({
  path: z.string().min(1).default('data/buffer.db'),
  maxMb: number(1, 1_000_000).default(512),
  maxAgeDays: number(0.001, 36_500).default(90),
  commitIntervalMs: count(1, 60_000).default(200),
  whenFull: z.enum(['drop-oldest', 'stop']).default('drop-oldest'),
})

/** The most sensors of one device: each has a part in every status. */
const maxSensors = 200

/** What of a sensor's entry every type has; the rest is checked by the schema of its type. */
export const sensorHead = z.looseObject({ id, type: z.string() })

/** agent.yaml. One schema checks, defaults and types it. */
export const agentSchema = z.strictObject({
  device: id,
  site,
  uplink: uplink.prefault({}),
  buffer: buffer.prefault({}),
  primary: z.record(z.string(), z.string()).default({}),
  sensors: z.array(sensorHead).min(1, 'at least one sensor is needed').max(maxSensors),
})

export type CheckedConfig = z.infer<typeof agentSchema>

function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'mqtt:' || url.protocol === 'mqtts:') && url.hostname !== ''
}
