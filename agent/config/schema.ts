import { idPattern } from '@barograph/proto'
import { timeZone } from '@barograph/proto/config'
import { z } from 'zod'
import { parseValidFrom } from './valid-from.ts'

const id = () =>
  z.string().regex(idPattern).describe('1 to 63 small letters, digits and hyphens, a hyphen not first')

const number = (least: number, most: number) => z.number().min(least).max(most)
const count = (least: number, most: number) => z.int().min(least).max(most)

const site = z.strictObject({
  name: z.string().min(1).max(200).optional().describe('1 to 200 characters'),
  latitude: number(-90, 90),
  longitude: number(-180, 180),
  altitudeM: number(-500, 10_000).default(0),
  timeZone: timeZone(),
  validFrom: z
    .string()
    .refine((text) => parseValidFrom(text, 'UTC') !== null)
    .optional()
    .describe('a date such as 2026-11-01, or an ISO time such as 2026-11-01T06:00Z'),
})

/** A text in PEM. */
const pem = (itself: string) =>
  z.string().min(1).optional().describe(`file:PATH, env:NAME or ${itself}, in PEM`)

const uplink = z.strictObject({
  url: z
    .string()
    .refine(isBrokerUrl)
    .default('mqtt://127.0.0.1:1883')
    .describe('an address such as mqtt://127.0.0.1:1883 or mqtts://broker.example:8883'),
  token: z
    .string()
    .min(1)
    .optional()
    .describe('file:PATH, env:NAME or the token itself')
    .meta({ secret: true }),
  ca: pem('the certificate of the authority itself'),
  cert: pem('the certificate itself'),
  key: pem('the key itself').meta({ secret: true }),
  lingerMs: count(0, 3_600_000).default(0),
  maxBatchEntries: count(1, 8_192).default(500),
  backfillPerSecond: count(1, 1_000_000).default(5_000),
  creditEntries: count(100, 100_000).default(10_000),
})

const buffer = z.strictObject({
  path: z.string().min(1).default('data/buffer.db').describe('a file that this user may write'),
  maxMb: number(1, 1_000_000).default(512),
  maxAgeDays: number(0.001, 36_500).default(90),
  commitIntervalMs: count(1, 60_000).default(200),
  whenFull: z.enum(['thin', 'drop-oldest', 'stop']).default('thin').describe('thin, drop-oldest or stop'),
})

/** The most sensors of one device: each has a part in every status. */
const maxSensors = 200

/** What of a sensor's entry every type has; the rest is checked by the schema of its type. */
const sensorHead = z.looseObject({ id: id(), type: z.string() })

/** agent.yaml, but for what the types of sensors know of themselves. */
export const agentSchema = z.strictObject({
  /** Read before the rest: the file that says what this one leaves open (`barograph-collector devices add`). */
  provision: z.string().min(1).optional().describe('a file that barograph-collector devices add has made'),
  device: id(),
  site,
  uplink: uplink.prefault({}),
  buffer: buffer.prefault({}),
  primary: z.record(z.string(), z.string()).default({}),
  sensors: z.array(sensorHead).min(1).max(maxSensors).describe(`a list of 1 to ${maxSensors} sensors`),
})

/** What the schema makes of a file. */
export type CheckedConfig = z.infer<typeof agentSchema>

function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'mqtt:' || url.protocol === 'mqtts:') && url.hostname !== ''
}
