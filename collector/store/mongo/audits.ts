import type { ApiAudit } from '@barograph/proto/api'
import { connect } from './place.ts'

/** The form's version; a document of another one counts as none. */
const version = 1

interface AuditDocument {
  readonly _id: 'audit'
  readonly version: number
  readonly finished: Date
  readonly equal: boolean
  /** The whole result. As text, for what it quotes may be anything. */
  readonly json: string
}

/** Where the result of the last audit of a store is kept: with the store itself. */
export interface MongoAudits {
  keep(audit: ApiAudit): Promise<void>
  /** null: none was kept. */
  read(): Promise<ApiAudit | null>
  close(): Promise<void>
}

/** `readOnly`: for a reader, who waits for a server that is away. */
export async function openMongoAudits(
  url: string,
  { readOnly }: { readOnly: boolean },
): Promise<MongoAudits> {
  const { place, run, close } = await connect({ url, readOnly, isPatient: readOnly })
  const documents = place.meta<AuditDocument>()
  return {
    keep: (audit) =>
      run(async () => {
        const { finished, equal } = audit
        const fields = { version, finished: new Date(finished), equal, json: JSON.stringify(audit) }
        await documents.updateOne({ _id: 'audit' }, { $set: fields }, { upsert: true })
      }),
    read: () =>
      run(async () => {
        const found = await documents.findOne({ _id: 'audit' })
        return found?.version === version ? (JSON.parse(found.json) as ApiAudit) : null
      }),
    close,
  }
}
