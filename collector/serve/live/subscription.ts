import type { ApiLevel, LiveSubscribe } from '@barograph/proto/api'
import * as z from 'zod'
import { levels } from '../../core/documents.ts'
import { serveLimits } from '../limits.ts'
import { createProblem } from '../problem.ts'
import { components } from '../schemas.ts'

/** What one client wants to hear. Clients with the same `key` get the same bytes. */
export interface Subscription {
  readonly key: string
  /** null: all. */
  readonly devices: ReadonlySet<string> | null
  readonly levels: ReadonlySet<ApiLevel>
  readonly readings: boolean
}

const most = serveLimits.devicesPerSubscription

const deviceList = z.array(z.string().max(63)).max(most)
const levelList = z.array(z.enum(levels)).max(levels.length)

/** What a client may say. */
export const subscribeMessage = z.strictObject({
  type: z.literal('subscribe'),
  devices: z.exactOptional(deviceList.nullable()).describe(`at most ${most} ids; null: all`),
  levels: z.exactOptional(levelList).describe('windows of these levels'),
  readings: z.exactOptional(z.boolean()).describe('raw readings as they arrive'),
}) satisfies z.ZodType<LiveSubscribe>
components.add(subscribeMessage, { id: 'LiveSubscribe' })

const commaList = (text: string | undefined): string[] | undefined =>
  text === undefined ? undefined : text.split(',').filter((part) => part !== '')

/** The same in the address. */
export const liveQuery = z.strictObject({
  devices: z
    .string()
    .transform(commaList)
    .pipe(deviceList)
    .optional()
    .describe(`ids with commas between, at most ${most}; all when left out`),
  levels: z
    .string()
    .transform(commaList)
    .pipe(levelList)
    .optional()
    .describe(`of ${levels.join(',')}; all when left out, none when empty`),
  readings: z
    .enum(['true', 'false'])
    .default('true')
    .describe('true or false: raw readings as they arrive; true when left out'),
  resume: z.string().max(200).optional().describe('the cursor of the last frame of an earlier connection'),
})

export const subscribeToAll: Subscription = make(null, [...levels], true)

function make(
  devices: readonly string[] | null,
  wanted: readonly ApiLevel[],
  readings: boolean,
): Subscription {
  const key = JSON.stringify([devices && [...new Set(devices)].sort(), [...new Set(wanted)].sort(), readings])
  return { key, devices: devices && new Set(devices), levels: new Set(wanted), readings }
}

/** The subscription with what a message changes of it. */
export function changeSubscription(
  before: Subscription,
  { devices, levels: wanted, readings }: Partial<LiveSubscribe>,
): Subscription {
  const named = devices === undefined ? before.devices && [...before.devices] : devices
  return make(named, wanted ?? [...before.levels], readings ?? before.readings)
}

/** The subscription of a client's message; a problem for what is none. */
export function readSubscribe(before: Subscription, text: string): Subscription {
  const allowed = '{"type":"subscribe","devices":["a"],"levels":["10s","hour"],"readings":true}'
  const result = subscribeMessage.safeParse(parseJson(text))
  if (result.success) return changeSubscription(before, result.data)
  const [issue] = result.error.issues
  const where = issue?.path.join('.') ?? ''
  throw createProblem('bad-message', `${where === '' ? 'The message' : where}: ${issue?.message}.`, allowed)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw createProblem('bad-message', 'The message is not JSON.', '{"type":"subscribe", ...}')
  }
}

export const wantsDevice = ({ devices }: Subscription, device: string): boolean =>
  !devices || devices.has(device)
