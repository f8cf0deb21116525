import { metricNames, metricsOf } from '../../core/metric-names.ts'
import { rollupView } from '../../core/rollup-view.ts'
import * as z from 'zod'
import type { Context } from '../context.ts'
import { serveLimits } from '../limits.ts'
import {
  checkRange,
  cursor,
  level,
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
import { nowOf } from '../views/devices.ts'
import { type EntryKey, entryView } from '../views/entries.ts'
import { readEntries } from '../views/read-entries.ts'

const limit = limitUpTo(serveLimits.answerLimit, serveLimits.defaultAnswerLimit)
const statuses = { 400: 'A parameter is not understood', 404: 'There is no such device or sensor' }

/** Raw readings and windows of one sensor. */
export function streamRoutes({ store, now }: Context): Route[] {
  return [
    defineRoute({
      path: '/api/v1/devices/{device}/sensors/{sensor}/readings',
      summary: 'Raw readings, faults, starts and stops, by event time',
      description:
        'from <= time < to. Entries at one time are in the order of epoch and number, so that a cursor never skips ' +
        'or repeats what was there when the first page was read; what arrives late behind the cursor is not in it. ' +
        'Readings that a device condensed before it sent them are only in windows.',
      params: streamParams,
      query: z.strictObject({ ...range, limit, cursor }),
      answer: schemas.readings,
      statuses,
      handle: async ({ device, sensor, ...query }) => {
        const { from, to } = checkRange(query)
        const { stream } = await findStream(store, { device, sensor })
        const after = readCursor(query.cursor, 'entry', entryKey)
        const page = await readEntries(store, { device, sensor, from, to, after, limit: query.limit })
        const nameOf = metricNames(Object.keys(stream?.metrics ?? {}))
        const last = page.entries.at(-1)
        return {
          metrics: stream ? metricsOf(stream) : {},
          readings: page.entries.map((ref) => entryView(ref, nameOf)),
          cursor: page.hasMore && last ? writeCursor('entry', [last.time, last.epoch, last.seq]) : null,
        }
      },
    }),
    defineRoute({
      path: '/api/v1/devices/{device}/sensors/{sensor}/rollups',
      summary: 'Windows of one level, ascending',
      description:
        'from <= start < to. Times of windows follow the site: its days may have 23 or 25 hours. highestHour and ' +
        'lowestHour are by hourly mean (of a total: by sum), minAt and maxAt tell the extreme reading; ties go to the ' +
        'earliest. A level shorter than the interval of the sensor is not kept.',
      params: streamParams,
      query: z.strictObject({ level, ...range, limit, cursor }),
      answer: schemas.rollups,
      statuses,
      handle: async ({ device: id, sensor, level, ...query }) => {
        const { from, to } = checkRange(query)
        const { device, stream } = await findStream(store, { device: id, sensor })
        const after = readCursor(query.cursor, `rollup-${level}`, wholeNumber)
        const page = await store.rollups({
          device: id,
          sensor,
          level,
          from: after === null ? from : Math.max(from, after + 1),
          to,
          limit: query.limit,
        })
        const nameOf = metricNames(Object.keys(stream?.metrics ?? {}))
        const own = nowOf(device, await store.streams(id), now())
        const last = page.items.at(-1)
        return {
          rollups: page.items.map((rollup) => rollupView(rollup, nameOf, own)),
          cursor: page.cursor !== null && last ? writeCursor(`rollup-${level}`, [last.start]) : null,
        }
      },
    }),
  ]
}

function entryKey(time?: string, epoch?: string, seq?: string): EntryKey | null {
  const at = wholeNumber(time)
  const number = wholeNumber(seq)
  return at === null || number === null || epoch === undefined ? null : { time: at, epoch, seq: number }
}
