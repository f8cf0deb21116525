import type { ApiDeadLetter } from '@barograph/proto/api'
import * as z from 'zod'
import type { DeadLetter, DeadLetters } from '../../core/log.ts'
import { formatTime } from '../../core/iso-time.ts'
import type { Context } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { createProblem } from '../problem.ts'
import { cursor, limitUpTo, noParameters, readCursor, wholeNumber, writeCursor } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'
import { addDeliveries, deliveryOf, noDelivery, readPending } from '../views/delivery.ts'
import { readFleet } from '../views/latest.ts'

/** Where every accepted reading is, and what was refused. */
export function deliveryRoutes({ store, log, deadLetters, lastAudit, now }: Context): Route[] {
  return [
    defineRoute({
      path: '/api/v1/delivery',
      summary: 'Where every accepted reading is: stored, quarantined, refused, declared lost, or on the way',
      description:
        'accepted = stored + quarantined + refused + lost + onTheWay, always. accepted is what a device said to hold, ' +
        'or the largest number heard of; logged counts what is stored or quarantined and what the log holds beyond ' +
        'the checkpoint. Gaps count ranges of numbers that are declared lost or refused, or that nobody explains.',
      params: noParameters,
      query: noParameters,
      answer: schemas.deliveries,
      handle: async () => {
        // First what waits: what is folded meanwhile is then counted as stored, not twice.
        const pending = await readPending(log, store)
        const devices = []
        for (const { device, streams } of await readFleet(store)) {
          const epochs = await store.epochs(device.device)
          devices.push({ device: device.device, ...deliveryOf(device, streams, epochs, pending) })
        }
        return {
          now: formatTime(now()),
          total: devices.reduce(addDeliveries, noDelivery),
          devices,
          deadLetters: { ...(await deadLetters.counts()) },
        }
      },
    }),
    defineRoute({
      path: '/api/v1/audit',
      summary: 'What the last audit of this store found',
      description:
        'An audit reads every raw reading again, recomputes each window with code of its own and accounts for every ' +
        'number. `barograph-collector audit` makes one, also while the collector runs.',
      params: noParameters,
      query: noParameters,
      answer: schemas.lastAudit,
      handle: async () => ({ audit: await lastAudit() }),
    }),
    defineRoute({
      path: '/api/v1/dead-letters',
      summary: 'Messages that were refused, with the reason; the newest first',
      params: noParameters,
      query: z.strictObject({
        device: z.string().max(63).optional().describe('only of this device'),
        payload: z
          .enum(['base64'])
          .optional()
          .describe(`base64: with the message's bytes, at most ${serveLimits.payloadLimit} at once`),
        limit: limitUpTo(serveLimits.deadLetterLimit, serveLimits.defaultDeadLetterLimit),
        cursor,
      }),
      answer: schemas.deadLetters,
      statuses: { 400: 'A parameter is not understood' },
      handle: async ({ device, payload, limit, ...query }) => {
        const before = readCursor(query.cursor, 'letter', wholeNumber)
        const wanted = payload ? Math.min(limit, serveLimits.payloadLimit) : limit
        const letters = await readLetters(deadLetters, { device, before, limit: wanted + 1 }, payload)
        const shown = letters.slice(0, wanted)
        const last = shown.at(-1)
        return {
          deadLetters: shown,
          cursor: letters.length > wanted && last ? writeCursor('letter', [last.id]) : null,
        }
      },
    }),
    defineRoute({
      path: '/api/v1/dead-letters/{id}',
      summary: 'One refused message with its bytes',
      params: z.object({ id: z.string().describe('number of a dead letter') }),
      query: noParameters,
      answer: schemas.deadLetter,
      statuses: { 404: 'There is no such dead letter any more' },
      handle: async ({ id }) => {
        const number = wholeNumber(id)
        const letter = number === null ? null : await deadLetters.get(number)
        if (!letter)
          throw createProblem(
            'not-found',
            `There is no dead letter "${id.slice(0, 20)}" (any more).`,
            'the ids that /api/v1/dead-letters lists',
          )
        return letterView(letter, 'base64')
      },
    }),
  ]
}

const lettersPerRead = 20

/** In small pieces: each may hold 256 KiB. */
async function readLetters(
  deadLetters: DeadLetters,
  { device, before, limit }: { device: string | undefined; before: number | null; limit: number },
  payload: 'base64' | undefined,
): Promise<ApiDeadLetter[]> {
  const views: ApiDeadLetter[] = []
  let oldest = before
  while (views.length < limit) {
    const wanted = Math.min(lettersPerRead, limit - views.length)
    const letters = await deadLetters.list({
      limit: wanted,
      ...(oldest === null ? {} : { before: oldest }),
      ...(device === undefined ? {} : { device }),
    })
    for (const letter of letters) views.push(letterView(letter, payload))
    oldest = letters.at(-1)?.id ?? null
    if (letters.length < wanted) break
  }
  return views
}

function letterView(letter: DeadLetter, payload: 'base64' | undefined): ApiDeadLetter {
  const { id, topic, device, ingestMs, code, reason, value } = letter
  return {
    id,
    time: formatTime(ingestMs),
    topic,
    device,
    code,
    reason,
    bytes: value.length,
    ...(payload ? { payload: Buffer.from(value).toString(payload) } : {}),
  }
}
