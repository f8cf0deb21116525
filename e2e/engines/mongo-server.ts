import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import type { Service } from '../../scripts/services/engine.ts'
import { databaseUrl, realMongoUrl, startMongo } from '../../scripts/services/mongo.ts'

/** A server that speaks MongoDB's protocol, for one test file. */
export interface MongoServer {
  /** null: it is somebody's MongoDB, which is not ours to stop. */
  readonly service: Service | null
  /** The URL of a database that nobody else has. */
  freshUrl(): string
  drop(url: string): Promise<void>
  stop(): Promise<void>
}

/** The one that BAROGRAPH_TEST_MONGODB_URL names, or a stand-in; `own`: a stand-in always, one that may be killed. */
export async function startMongoServer({ own = false } = {}): Promise<MongoServer> {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-mongo-'))
  const service = realMongoUrl !== null && !own ? null : await startMongo({ folder })
  const server = service?.url ?? realMongoUrl ?? ''
  let client: MongoClient | null = null
  return {
    service,
    freshUrl: () => databaseUrl(server, `barograph-test-${randomUUID()}`),
    async drop(url) {
      client ??= await new MongoClient(server).connect()
      await client.db(/\/([^/?]+)(\?|$)/.exec(url)?.[1]).dropDatabase()
    },
    async stop() {
      await client?.close()
      await service?.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
