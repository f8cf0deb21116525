import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Plan, runService, type Service } from './engine.ts'
import { classPathOf, type JavaParts, quickStart } from './jars.ts'
import { anyFreePort } from './ports.ts'
import { requireProgram } from './programs.ts'
import { isMongoReady } from './ready.ts'

const sources = join(import.meta.dirname, 'mongo')

/**
 * mongo-java-server: understands MongoDB's protocol and keeps its documents in a file. It stands in for MongoDB, of which
 * no package registry has a build; it says nothing about speed, indexes, or a loss of power.
 */
export const mongoParts: JavaParts = {
  name: 'mongo',
  pom: join(sources, 'pom.xml'),
  launcher: join(sources, 'Launch.java'),
}

export interface MongoOptions {
  /** For data and log; used again, it holds the same documents. */
  readonly folder: string
  /** Default: a free one. */
  readonly port?: number
  /** Takes longer to start, as is right where it runs for long. Default: false. */
  readonly fast?: boolean
}

/** Makes jars, launcher and data folder ready. */
export async function planMongo(
  { folder, port, fast = false }: MongoOptions,
  say: (words: string) => void,
): Promise<Plan> {
  const java = requireProgram('java', 'the MongoDB-compatible server')
  const classPath = await classPathOf(mongoParts, say)
  const chosen = port ?? (await anyFreePort())
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'documents')
  return {
    name: 'mongodb',
    folder,
    url: `mongodb://127.0.0.1:${chosen}`,
    port: chosen,
    command: java,
    args: [
      '-Xmx1g',
      '-XX:+UseSerialGC',
      ...(fast ? [] : [quickStart]),
      '-cp',
      classPath,
      'Launch',
      String(chosen),
      file,
    ],
    isReady: () => isMongoReady(chosen),
  }
}

/** A MongoDB-compatible server on the loopback interface; resolves when it is ready. */
export const startMongo = async (options: MongoOptions): Promise<Service> =>
  runService(await planMongo(options, () => undefined))

/** The real MongoDB that the suites are to use instead; null: none. */
export const realMongoUrl: string | null = process.env.BAROGRAPH_TEST_MONGODB_URL || null

/** The URL of one database of a server: tests take one each, under a name of their own. */
export function databaseUrl(serverUrl: string, database: string): string {
  const [, server, options = ''] = /^([^:]+:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(serverUrl) ?? []
  if (server === undefined) throw new Error('not a URL of a MongoDB server')
  return `${server}/${database}${options}`
}
