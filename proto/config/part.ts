import type { z } from 'zod'
import type { ConfigIssue } from './problem.ts'
import { allowedWords, keysOf, viewAt, viewOf } from './schema-view.ts'

/**
 * What the schema of a part of a configuration complained about, placed in the whole: for parts whose schema depends
 * on what they say, so that the schema of the whole cannot hold it.
 */
export function placeIssues(
  issues: readonly ConfigIssue[],
  { schema, at }: { readonly schema: z.ZodType; readonly at: readonly PropertyKey[] },
): ConfigIssue[] {
  const view = viewOf(schema)
  return issues.map((issue) => {
    const here = viewAt(view, issue.path)
    return {
      ...issue,
      path: [...at, ...issue.path],
      allowed: issue.allowed ?? (allowedWords(here) || undefined),
      allowedKeys: issue.allowedKeys ?? keysOf(here),
    }
  })
}
