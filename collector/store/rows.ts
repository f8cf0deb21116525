import { completed } from '../core/defaults.ts'
import type { CollectionName, Collections } from '../core/documents.ts'
import { decode } from './encoding.ts'

/** One promise per call, rejected where the work throws. */
export const promised =
  <A extends unknown[], R>(work: (...args: A) => R) =>
  async (...args: A): Promise<R> =>
    work(...args)

/** The document in a row's body, with all that this program knows of it. */
export const bodyOf = <C extends CollectionName>(collection: C, body: string): Collections[C] =>
  completed(collection, decode(body) as Partial<Collections[C]>)

/** A statement per collection, prepared when first needed. */
export function perCollection<S>(
  prepare: (collection: CollectionName) => S,
): (collection: CollectionName) => S {
  const prepared = new Map<CollectionName, S>()
  return (collection) => {
    let statement = prepared.get(collection)
    if (statement === undefined) prepared.set(collection, (statement = prepare(collection)))
    return statement
  }
}
