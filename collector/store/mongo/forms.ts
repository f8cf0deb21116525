import type { CollectionName } from '../../core/documents.ts'

/**
 * How a part of a document is written, where that is not how the program holds it:
 * - `time`: ms since 1970 become a date;
 * - `sum`: what is beyond 2^53 becomes a decimal of 34 digits;
 * - `map`: its keys are anybody's words, and are written so that each can be a field's name.
 */
export type Form =
  | 'time'
  | 'sum'
  | { readonly fields: Readonly<Record<string, Form>> }
  | { readonly list: Form }
  | { readonly row: readonly (Form | null)[] }
  | { readonly map: Form | null }

const words: Form = { map: null }
const times: Form = { map: 'time' }
const figures = { sum: 'sum', minAt: 'time', maxAt: 'time', firstAt: 'time', lastAt: 'time' } as const

/** The fields of each collection that are written in another form; described in docs/documents.md. */
export const forms: { readonly [C in CollectionName]: Readonly<Record<string, Form>> } = {
  settings: {},
  devices: {
    statusAt: 'time',
    lastIngest: 'time',
    newestTime: 'time',
    sealedUntil: times,
    sites: { list: { fields: { validFrom: 'time', heldBack: times } } },
    sensors: { list: { fields: { fault: { fields: { since: 'time' } } } } },
    speakers: { list: { fields: { firstIngest: 'time', firstTime: 'time', lastTime: 'time' } } },
    conflict: { fields: { since: 'time', last: 'time' } },
  },
  streams: {
    largestTime: 'time',
    smallestTime: 'time',
    metrics: words,
    latest: { fields: { time: 'time', values: words } },
    mark: { fields: { time: 'time' } },
    expiredBefore: times,
    lags: { list: { row: ['time', null] } },
  },
  epochs: {
    firstIngest: 'time',
    quarantined: words,
    lost: words,
    refused: words,
    gaps: { list: { fields: { since: 'time', healed: 'time' } } },
  },
  readings: {
    firstTime: 'time',
    lastTime: 'time',
    times: { list: 'time' },
    columns: words,
    marks: { list: { fields: { time: 'time' } } },
    newestIngest: 'time',
  },
  summaries: {
    minutes: { list: { fields: { start: 'time', metrics: { map: { fields: figures } } } } },
  },
  rollups: {
    start: 'time',
    end: 'time',
    metrics: {
      map: { fields: { ...figures, parts: { list: { row: ['time', null, 'sum', null, null] } } } },
    },
  },
}
