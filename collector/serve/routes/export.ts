import { Readable } from 'node:stream'
import { isCoded } from '@barograph/proto'
import * as z from 'zod'
import { type Export, readExport } from '../../core/export/read.ts'
import { badExport, exportFormats, exportLevels, exportTimeOf, namesOf } from '../../core/export/request.ts'
import type { Chunk, Encoder } from '../../core/export/table.ts'
import { createCsv, createJsonLines } from '../../core/export/text.ts'
import type { Context } from '../context.ts'
import { serveLimits } from '../limits.ts'
import { createProblem } from '../problem.ts'
import { noParameters } from '../query.ts'
import { defineRoute, type Route } from '../route.ts'

const mediaTypes = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
} as const

const time = z
  .string()
  .transform((text, context) => {
    const found = exportTimeOf(text)
    if (found !== null) return found
    context.issues.push({ code: 'custom', message: 'a date, or a time with its zone', input: text })
    return z.NEVER
  })
  .optional()

const names = (what: string) =>
  z
    .string()
    .max(1_000)
    .transform(namesOf)
    .refine((list) => list.length > 0, 'names nothing')
    .optional()
    .describe(`${what} with commas between; all when left out`)

/** Readings and windows as files. */
export function exportRoutes({
  store,
  now,
  parquet,
  logger,
}: Pick<Context, 'store' | 'now' | 'parquet' | 'logger'>): Route[] {
  let running = 0

  async function* chunksOf(rows: Export['rows'], encoder: Encoder): AsyncGenerator<Chunk> {
    try {
      yield encoder.begin()
      for await (const batch of rows) yield encoder.rows(batch)
      yield encoder.end()
    } catch (error) {
      // The client sees that the answer breaks off; why, only we can tell.
      if (isCoded(error))
        logger.warn({ code: error.code, hint: error.hint }, `an export broke off: ${error.message}`)
      else logger.error({ err: error }, 'an export met a fault')
      throw error
    }
  }

  return [
    defineRoute({
      path: '/api/v1/export',
      summary: 'Readings or windows as CSV, JSON lines or Parquet',
      description:
        'from <= time < to, of windows their start; by device and sensor, then by time. Raw readings have a column for each ' +
        'metric and one for its flag; windows have a row for each metric: docs/files.md. The answer comes as it is read: one ' +
        'that breaks off is not whole. The same as the command "export".',
      params: noParameters,
      query: z.strictObject({
        level: z
          .enum(exportLevels)
          .default('raw')
          .describe(`one of ${exportLevels.join(', ')}; raw when left out`),
        format: z
          .enum(exportFormats)
          .default('csv')
          .describe(`one of ${exportFormats.join(', ')}; csv when left out`),
        device: names('ids'),
        sensor: names('ids of sensors'),
        metric: names('names of metrics'),
        from: time.describe(
          'the first time: a date at the site, or a time with its zone; all there is when left out',
        ),
        to: time.describe('the time behind the last'),
      }),
      answer: z.string(),
      mediaType: mediaTypes.csv,
      statuses: {
        400: 'A parameter is not understood',
        404: 'There is no such device, sensor or metric',
        503: 'Too many exports at once',
      },
      handle: async ({ level, format, device, sensor, metric, from, to }, call) => {
        if (running >= serveLimits.exports)
          throw createProblem(
            'too-many-exports',
            `${running} exports are being read already.`,
            `${serveLimits.exports} at once: try again when one has ended`,
          )
        if (from && to && from.isDate === to.isDate && from.ms >= to.ms)
          throw badExport('from is not before to: no time lies between them.', 'from earlier than to')
        running++
        try {
          const data = await readExport(
            store,
            {
              level,
              devices: device ?? null,
              sensors: sensor ?? null,
              metrics: metric ?? null,
              from: from ?? null,
              to: to ?? null,
            },
            {
              rowsPerBatch: format === 'parquet' ? parquet.rowsPerGroup : serveLimits.exportTextRows,
              pause: () => new Promise((next) => setImmediate(next)),
            },
          )
          const create = { csv: createCsv, jsonl: createJsonLines, parquet: parquet.create }[format]
          const stream = Readable.from(chunksOf(data.rows, create(data.columns)), { objectMode: false })
          stream.once('close', () => running--)
          const day = new Date(now()).toISOString().slice(0, 10)
          const name = `${device?.length === 1 ? device[0] : 'barograph'}-${level}-${day}.${format}`
          call.setHeader('content-type', mediaTypes[format])
          call.setHeader('content-disposition', `attachment; filename="${name}"`)
          return stream
        } catch (error) {
          running--
          throw error
        }
      },
    }),
  ]
}
