import type { ApiAhead, ApiGap, ApiHealedGap } from '@barograph/proto/api'
import * as z from 'zod'
import type { DeviceDocument, EpochDocument, StreamDocument } from '../../core/documents.ts'
import { bucketId, bucketIndex, bucketSlot } from '../../core/identity.ts'
import { formatTime } from '../../core/iso-time.ts'
import type { Store } from '../../core/store.ts'
import type { Context } from '../context.ts'
import { serveLimits } from '../limits.ts'
import {
  checkRange,
  cursor,
  limitUpTo,
  range,
  readCursor,
  streamParams,
  wholeNumber,
  writeCursor,
} from '../query.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'
import { findStream } from '../streams.ts'
import { causeWords, type Gap, gapsOf } from '../views/gaps.ts'
import { readPauses } from '../views/pauses.ts'

const weekMs = 7 * 86_400_000

/** What is missing of a sensor, and why. */
export function gapRoutes({ store }: Context): Route[] {
  return [
    defineRoute({
      path: '/api/v1/devices/{device}/sensors/{sensor}/gaps',
      summary: 'Missing numbers with their causes, those that healed, and pauses of the sensor',
      description:
        'Gaps are ranges of missing sequence numbers, the newest first, each with its cause; from and to do not ' +
        'concern them, for a missing reading has no time. A gap opens when a number beyond the missing ones is known ' +
        'of, and leaves the list for healed when the last of them has come. What a device accepted beyond all that ' +
        'came is ahead: on its way, not a gap. Pauses are the times between a fault, a stop or the end of an agent ' +
        'and the next reading, looked for within from and to: when both are left out, in the last seven days of the ' +
        'sensor. The search is bounded: the answer says how far it came.',
      params: streamParams,
      query: z.strictObject({
        ...range,
        limit: limitUpTo(serveLimits.gapLimit, serveLimits.defaultGapLimit),
        cursor,
      }),
      answer: schemas.gaps,
      statuses: { 400: 'A parameter is not understood', 404: 'There is no such device or sensor' },
      handle: async ({ device: id, sensor, ...query }) => {
        const { device, stream } = await findStream(store, { device: id, sensor })
        const epochs = await store.epochs(id, sensor)
        const after = readCursor(query.cursor, 'gap', gapKey)
        const found = gapsBehind(epochs.toReversed(), device, after)
        const all = found.filter((gap) => !gap.isAhead)
        const shown = all.slice(0, query.limit)
        const last = shown.at(-1)
        // What does not come in pages stands on the first.
        const ahead = after ? [] : found.filter((gap) => gap.isAhead)
        const healed = after ? [] : healedOf(epochs).slice(0, query.limit)
        const searched = pauseRange(query, stream)
        const pauses = searched ? await readPauses(store, { device: id, sensor, ...searched }) : null
        const timeAt = await readTimes(store, [...shown, ...ahead, ...healed])
        return {
          gaps: shown.map((gap) => gapView(gap, device.online, timeAt)),
          healed: healed.map((gap) => healedView(gap, timeAt)),
          healedTotal: epochs.reduce((sum, { gapsHealed = 0 }) => sum + gapsHealed, 0),
          ahead: ahead.map((gap) => aheadView(gap, timeAt)),
          pauses: pauses?.pauses ?? [],
          from: searched && formatTime(searched.from),
          to: pauses && formatTime(pauses.to),
          cursor:
            all.length > shown.length && last ? writeCursor('gap', [last.epoch.epoch, last.first]) : null,
        }
      },
    }),
  ]
}

/** Gaps of epochs from the newest on, behind the one that a cursor names. */
function gapsBehind(epochs: readonly EpochDocument[], device: DeviceDocument, after: GapKey | null): Gap[] {
  const start = after ? epochs.findIndex((one) => one.epoch === after.epoch) : 0
  return epochs
    .slice(Math.max(0, start))
    .flatMap((epoch) => gapsOf(epoch, device))
    .filter((gap) => !after || gap.epoch.epoch !== after.epoch || gap.first < after.seq)
}

interface GapKey {
  readonly epoch: string
  readonly seq: number
}

function gapKey(epoch?: string, seq?: string): GapKey | null {
  const number = wholeNumber(seq)
  return epoch === undefined || number === null ? null : { epoch, seq: number }
}

/** Where to look for pauses; null: the sensor has sent nothing. */
function pauseRange(
  query: { from?: number | undefined; to?: number | undefined },
  stream: StreamDocument | null,
) {
  const newest = Math.max(stream?.largestTime ?? 0, stream?.mark?.time ?? 0)
  const isLeftOut = query.from === undefined && query.to === undefined
  const asked = checkRange(isLeftOut ? { from: newest - weekMs, to: newest + 1 } : query)
  if (!stream) return null
  // What is shown as searched lies within what the sensor has sent, so that "everything" has an end.
  const oldest = Math.min(stream.smallestTime ?? newest, stream.mark?.time ?? newest)
  const from = Math.max(asked.from, oldest)
  const to = Math.min(asked.to, newest + 1)
  return from < to ? { from, to, intervalMs: stream.intervalMs, hasBefore: from > oldest } : null
}

interface HealedGap {
  readonly epoch: EpochDocument
  readonly around: readonly [number, number]
  readonly since: number
  readonly healed: number
}

/** Gaps that healed, the newest first, as far as they are remembered. */
function healedOf(epochs: readonly EpochDocument[]): HealedGap[] {
  return epochs
    .flatMap((epoch) =>
      (epoch.gaps ?? []).flatMap(({ first, last, since, healed }) =>
        healed === null ? [] : { epoch, around: [first, last] as const, since, healed },
      ),
    )
    .toReversed()
    .sort((a, b) => b.healed - a.healed)
}

type TimeAt = (epoch: EpochDocument, seq: number) => string | null

const spanOf = (first: number, last: number) => ({ firstSeq: first, lastSeq: last, count: last - first + 1 })

const neighbourTimes = ({ epoch, around }: Pick<Gap, 'epoch' | 'around'>, timeAt: TimeAt) => ({
  after: timeAt(epoch, around[0] - 1),
  before: timeAt(epoch, around[1] + 1),
})

function gapView(gap: Gap, isOnline: boolean, timeAt: TimeAt): ApiGap {
  const { epoch, first, last, cause, reason, since } = gap
  return {
    epoch: epoch.epoch,
    ...spanOf(first, last),
    cause,
    reason,
    words: causeWords(gap, isOnline),
    since: since === null ? null : formatTime(since),
    ...neighbourTimes(gap, timeAt),
  }
}

function healedView(gap: HealedGap, timeAt: TimeAt): ApiHealedGap {
  const { epoch, around, since, healed } = gap
  return {
    epoch: epoch.epoch,
    ...spanOf(...around),
    since: formatTime(since),
    healedAt: formatTime(healed),
    ...neighbourTimes(gap, timeAt),
  }
}

function aheadView(gap: Gap, timeAt: TimeAt): ApiAhead {
  const { epoch, first, last } = gap
  return { epoch: epoch.epoch, ...spanOf(first, last), after: neighbourTimes(gap, timeAt).after }
}

const idsPerRead = 64

/** The times of the entries before and after some ranges, which stand in the buckets. */
async function readTimes(
  store: Pick<Store, 'read'>,
  ranges: readonly Pick<Gap, 'epoch' | 'around'>[],
): Promise<TimeAt> {
  const times = new Map<string, number | null>()
  const keys = new Map<string, { id: string; slot: number }>()
  for (const { epoch, around } of ranges)
    for (const seq of [around[0] - 1, around[1] + 1])
      if (seq >= 1)
        keys.set(`${epoch.epoch}/${seq}`, {
          id: bucketId(epoch.device, epoch, bucketIndex(seq)),
          slot: bucketSlot(seq),
        })
  const byBucket = [...Map.groupBy(keys, ([, { id }]) => id)]
  for (let i = 0; i < byBucket.length; i += idsPerRead) {
    const some = byBucket.slice(i, i + idsPerRead)
    const buckets = await store.read(
      'readings',
      some.map(([id]) => id),
    )
    some.forEach(([, wanted], n) => {
      for (const [key, { slot }] of wanted) times.set(key, buckets[n]?.times[slot] ?? null)
    })
  }
  return ({ epoch }, seq) => {
    const time = times.get(`${epoch}/${seq}`)
    return time === null || time === undefined ? null : formatTime(time)
  }
}
