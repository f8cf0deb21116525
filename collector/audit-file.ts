// Where the result of the last audit is kept: beside the store that was audited, so that whoever serves that store can
// show it. It stands beside the adapters because they never import each other.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import type { ApiAudit } from '@barograph/proto/api'
import { z } from 'zod'

/** The form's version; a file of another one counts as none. */
const fileVersion = 1

const fileOf = (storePath: string): string => `${storePath}.audit.json`

/** As far as a reader relies on it: a file of ours that was damaged is none. */
const schema = z.object({
  version: z.literal(fileVersion),
  audit: z.looseObject({ finished: z.string(), equal: z.boolean(), findings: z.array(z.string()) }),
})

/** Keeps a result durably; the one before goes. Throws `audit-unkept`. */
export function keepAudit(storePath: string, audit: ApiAudit): void {
  const path = fileOf(storePath)
  const fresh = `${path}.new`
  try {
    writeFileSync(fresh, `${JSON.stringify({ version: fileVersion, audit }, null, 2)}\n`)
    const file = openSync(fresh, 'r')
    try {
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(fresh, path)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('audit-unkept', `The result could not be kept in ${path} (${why}).`, {
      hint: 'The audit itself is complete; /api/v1/audit shows the one before.',
      cause,
    })
  }
}

/** The result of the last audit of that store; null: none was kept, or it cannot be read. */
export function readAudit(storePath: string): ApiAudit | null {
  let text: string
  try {
    text = readFileSync(fileOf(storePath), 'utf8')
  } catch {
    return null
  }
  const parsed = schema.safeParse(jsonOf(text))
  return parsed.success ? (parsed.data.audit as unknown as ApiAudit) : null
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
