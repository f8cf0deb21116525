import { limits, pairs } from '@barograph/proto'
import type { ApiQuarantined } from '@barograph/proto/api'
import * as z from 'zod'
import { formatTime } from '../../core/iso-time.ts'
import {
  extentOf,
  findWaiting,
  releaseRecords,
  releasesOf,
  timesOf,
  type Waiting,
} from '../../core/quarantine.ts'
import type { Store } from '../../core/store.ts'
import type { Context } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { limitUpTo, noParameters } from '../query.ts'
import { createProblem } from '../problem.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'

const id = z.string().min(1).max(64)
const selection = {
  sensor: id.optional().describe('id of a sensor; all when left out'),
  epoch: id.optional().describe('a run of the agent; all when left out'),
  reason: z
    .string()
    .min(1)
    .max(limits.textCharacters)
    .optional()
    .describe('why they wait, as the list shows it; any when left out'),
}
const sequence = z
  .int()
  .min(1)
  .max(limits.sequence - 1)
  .optional()

/** What waits for release, and its release. */
export function quarantineRoutes({ store, append, now }: Context): Route[] {
  return [
    defineRoute({
      path: '/api/v1/quarantine',
      summary: 'Entries that are stored and count in no window until they are released',
      description:
        'By epoch and reason: "in the future" for readings that came with a time ahead of the collector, "time ' +
        'uncertain" for those of a clock that nothing ever confirmed.',
      params: noParameters,
      query: z.strictObject({
        device: id.optional().describe('id of a device; all when left out'),
        ...selection,
        limit: limitUpTo(serveLimits.quarantineLimit, serveLimits.quarantineLimit),
      }),
      answer: schemas.quarantine,
      statuses: { 400: 'A parameter is not understood' },
      handle: async ({ limit, ...wanted }) => {
        const items: ApiQuarantined[] = []
        let total = 0
        for await (const waiting of findWaiting(store, wanted)) {
          total += extentOf([waiting]).count
          if (items.length < limit) items.push(await viewOf(store, waiting))
        }
        return { total, items }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/quarantine/release',
      summary: 'Lets quarantined entries of a device count',
      description:
        'Each entry is released once, however often it is asked for. The release is in the log when this answers; ' +
        'windows have changed when the roll has come to it.',
      params: noParameters,
      query: noParameters,
      body: z.strictObject({
        device: id.describe('id of a device'),
        ...selection,
        firstSeq: sequence.describe('from this sequence number on'),
        lastSeq: sequence.describe('up to this sequence number'),
        by: z
          .string()
          .min(1)
          .max(limits.textCharacters)
          .optional()
          .describe('who releases; when left out: the name of the token, where one is asked for'),
        why: z.string().max(limits.textCharacters).default('').describe('why it is right to'),
        dryRun: z.boolean().default(false).describe('true: only tell what would be released'),
      }),
      answer: schemas.released,
      statuses: {
        400: 'The order is not understood',
        403: 'A viewer asks, or a page of another site',
        415: 'The order is not JSON',
        503: 'The log has no room now',
      },
      handle: async ({ by: given, why, dryRun, ...wanted }, call) => {
        const by = given ?? (await call.caller())?.name
        if (!by) throw createProblem('bad-query', 'by is missing or not understood.', 'who releases')
        if ((wanted.firstSeq ?? wanted.lastSeq) !== undefined && wanted.epoch === undefined)
          throw createProblem(
            'bad-query',
            'firstSeq and lastSeq are numbers of one epoch.',
            'epoch beside them',
          )
        const waiting: Waiting[] = []
        for await (const one of findWaiting(store, wanted)) waiting.push(one)
        const records = releaseRecords(releasesOf(waiting, { by, why }), now())
        if (!dryRun && records.length > 0) await append(records)
        return { released: extentOf(waiting).count, records: dryRun ? 0 : records.length, dryRun }
      },
    }),
  ]
}

async function viewOf(store: Pick<Store, 'read'>, waiting: Waiting): Promise<ApiQuarantined> {
  const { device, sensor, epoch, reason, numbers } = waiting
  const { first, last } = await timesOf(store, waiting)
  return {
    device,
    sensor,
    epoch,
    reason,
    ...extentOf([waiting]),
    oldest: [...pairs(numbers)]
      .slice(0, serveLimits.quarantineRanges)
      .map(([firstSeq, lastSeq]) => ({ firstSeq, lastSeq })),
    firstTime: first === null ? null : formatTime(first),
    lastTime: last === null ? null : formatTime(last),
  }
}
