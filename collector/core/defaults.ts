import type { CollectionName, Collections } from './documents.ts'

/** What fields mean that a document of an older program lacks. */
const absent: { readonly [C in CollectionName]: Partial<Collections[C]> } = {
  settings: {},
  devices: { sealedUntil: {} },
  streams: { expiredBefore: {}, lags: null },
  epochs: { expired: [] },
  readings: { summaries: [], newestIngest: null },
  summaries: {},
  rollups: {},
}

/** A document as this program knows it, from one that this or an older program wrote. */
export function completed<C extends CollectionName>(
  collection: C,
  document: Partial<Collections[C]>,
): Collections[C] {
  return { ...absent[collection], ...document } as Collections[C]
}
