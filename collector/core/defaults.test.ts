import { describe, expect, test } from 'vitest'
import { samples } from '../store/testing/documents.ts'
import { completed } from './defaults.ts'
import { collectionNames } from './documents.ts'

describe('a document of the store', () => {
  test.each(collectionNames)('is left as it is when this program wrote it: %s', (collection) => {
    expect(completed(collection, samples[collection])).toEqual(samples[collection])
  })

  test('gets what an older program did not know', () => {
    const { expired: _, ...epoch } = samples.epochs
    expect(completed('epochs', epoch)).toEqual({ ...epoch, expired: [] })
    const { summaries: _s, newestIngest: _n, ...bucket } = samples.readings
    expect(completed('readings', bucket)).toEqual({ ...bucket, summaries: [], newestIngest: null })
  })
})
