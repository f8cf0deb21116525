import * as z from 'zod'
import { levels } from '../../core/documents.ts'
import { drawPlot } from '../../core/plot/draw.ts'
import { readPlot } from '../../core/plot/read.ts'
import { numbersOf, plotLimits, plotsOf, plotThemes, plotTimeOf } from '../../core/plot/request.ts'
import type { Context } from '../context.ts'
import { defineRoute, type Route } from '../route.ts'

/** Opened by itself in a browser it is a page: nothing in it may run, and only its own style holds. */
const plotPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const time = z
  .string()
  .transform((text, context) => {
    const found = plotTimeOf(text)
    if (found !== null) return found
    context.issues.push({ code: 'custom', message: 'a date, or a time with its zone', input: text })
    return z.NEVER
  })
  .optional()

/** Windows as pictures. */
export function plotRoutes({ store }: Pick<Context, 'store'>): Route[] {
  return [
    defineRoute({
      path: '/api/v1/plots/{metric}.svg',
      summary: 'A metric of one or several devices as SVG',
      description:
        `The same data give the same bytes. A level with more than ${plotLimits.windows} windows is drawn as the next longer ` +
        'one, and the picture says so; where there is nothing to draw it says so too. No script, no font, nothing from ' +
        'elsewhere.',
      params: z.object({ metric: z.string().describe('name of a metric, as in temperature') }),
      query: z.strictObject({
        device: z
          .string()
          .max(1_000)
          .optional()
          .describe(
            `ids with commas between, at most ${plotLimits.devices}; those that have the metric when left out`,
          ),
        of: z
          .enum(plotsOf)
          .optional()
          .describe(`one of ${plotsOf.join(', ')}; mean when left out, of a total sum`),
        level: z
          .enum(levels)
          .optional()
          .describe(`one of ${levels.join(', ')}; the finest that can be told apart when left out`),
        from: time.describe(
          'the first time: a date at the site, or a time with its zone; all there is when left out',
        ),
        to: time.describe('the time behind the last'),
        months: z.string().max(100).optional().describe('only these, as in 6,7,8'),
        years: z.string().max(1_000).optional().describe('only these, as in 2013,2014'),
        theme: z
          .enum(plotThemes)
          .default('auto')
          .describe(`one of ${plotThemes.join(', ')}; auto follows the reader`),
        band: z
          .enum(['yes', 'no'])
          .default('yes')
          .describe('yes or no: the band from the lowest to the highest'),
        title: z
          .string()
          .max(plotLimits.titleCharacters)
          .optional()
          .describe(`at most ${plotLimits.titleCharacters} characters`),
      }),
      answer: z.string(),
      mediaType: 'image/svg+xml; charset=utf-8',
      statuses: { 400: 'A parameter is not understood', 404: 'There is no such device or metric' },
      handle: async ({ metric, device, of, level, from, to, months, years, theme, band, title }, call) => {
        const request = {
          metric,
          devices: device === undefined ? null : [...new Set(device.split(','))],
          of: of ?? null,
          level: level ?? null,
          from: from ?? null,
          to: to ?? null,
          months: months === undefined ? null : numbersOf('months', months, 1, 12),
          years: years === undefined ? null : numbersOf('years', years, 1, 9_999),
          theme,
          band: band === 'yes',
          title: title ?? null,
        }
        const data = await readPlot(store, request, () => new Promise((next) => setImmediate(next)))
        call.setHeader('content-security-policy', plotPolicy)
        return drawPlot(data, request)
      },
    }),
  ]
}
