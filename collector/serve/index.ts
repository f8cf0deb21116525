import { isIPv6 } from 'node:net'
import type { ApiAudit } from '@barograph/proto/api'
import type { DeadLetters, Log } from '../core/log.ts'
import type { Store } from '../core/store.ts'
import type { Context, ProgramState, ServeLogger } from './context.ts'
import { createHttp } from './http.ts'
import { listenError } from '../listen-error.ts'
import { checkListen, type Listen } from './listen.ts'
import { createReach, localReach, type ReachOptions } from './reach.ts'
import { createGapWatch } from './gap-watch.ts'
import { createHub } from './live/hub.ts'
import { acceptLive } from './live/upgrade.ts'
import { createProgress } from './progress.ts'
import { deliveryRoutes } from './routes/delivery.ts'
import { deviceRoutes } from './routes/devices.ts'
import { docsRoutes, liveRoute } from './routes/docs.ts'
import { exportRoutes } from './routes/export.ts'
import { gapRoutes } from './routes/gaps.ts'
import { healthRoutes } from './routes/health.ts'
import { plotRoutes } from './routes/plots.ts'
import { quarantineRoutes } from './routes/quarantine.ts'
import { sessionRoutes } from './routes/session.ts'
import { statisticsRoutes } from './routes/statistics.ts'
import { streamRoutes } from './routes/streams.ts'
import type { Route } from './route.ts'

export type { MetricSample, ProgramState, ServeLogger } from './context.ts'
export type { Listen } from './listen.ts'
export type { ReachOptions } from './reach.ts'
export { createWaiting, type Waiting } from './waiting.ts'

export interface ServerOptions {
  readonly store: Store
  readonly log: Log
  /** Writes an operator's orders to the log. */
  readonly append: Log['append']
  readonly deadLetters: DeadLetters
  readonly listen: Listen
  /** How it can be reached, and by whom; when left out: this machine only, and nobody is asked. */
  readonly reach?: Partial<ReachOptions>
  /** Where the built page is. */
  readonly pageFolder: string
  /** The result of the last audit of the store; null: there was none. */
  readonly lastAudit: () => Promise<ApiAudit | null>
  readonly version: string
  /** Writes Parquet, a row group of so many rows at a time. */
  readonly parquet: Context['parquet']
  /** What the other roles say of themselves; asked for /readyz and /metrics. */
  readonly state: () => ProgramState
  /** Wall clock, ms since 1970. */
  readonly now: () => number
  readonly logger: ServeLogger
  /** How often live clients are told what changed. */
  readonly pollIntervalMs?: number
  readonly heartbeatIntervalMs?: number
}

export interface Server {
  /** Where it listens, with the prefix: http://127.0.0.1:8013 */
  readonly address: string
  readonly port: number
  /** Ends every connection and resolves when nothing of it runs any more; store and log stay open. */
  close(): Promise<void>
}

/**
 * Serves the page, the HTTP interface and live WebSockets. Reads, and writes an operator's orders to the log. Rejects with `not-loopback`, `bad-config`, `port-in-use`,
 * `port-forbidden` or `address-unavailable` when it cannot listen there.
 */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { listen, logger, pollIntervalMs = 250, heartbeatIntervalMs = 15_000 } = options
  const reach = createReach(
    { ...localReach, ...options.reach },
    {
      now: options.now,
      onRefused: (fields) => logger.warn(fields, 'a token was refused'),
      onTrouble: (error) => logger.error({ code: error.code, hint: error.hint }, error.message),
    },
  )
  checkListen(listen, reach.access.isOpen)
  const hub = await createHub({ ...options, prefix: reach.prefix, pollIntervalMs, heartbeatIntervalMs })
  try {
    const routes = createRoutes({ ...options, reach, startedAt: options.now() }, hub.figures)
    const app = await createHttp({ routes, reach, pageFolder: options.pageFolder, logger })
    acceptLive(app.server, hub, reach, logger)
    await app.listen(listen).catch((error: NodeJS.ErrnoException) => {
      throw listenError(error, listen, 'serve.listen')
    })
    const bound = app.server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : listen.port
    return {
      address: `http://${isIPv6(listen.host) ? `[${listen.host}]` : listen.host}:${port}${reach.prefix}`,
      port,
      async close() {
        await hub.close()
        await app.close()
      },
    }
  } catch (error) {
    await hub.close()
    throw error
  }
}

/** Every route, in the order of the documentation. */
function createRoutes(context: Context, live: Parameters<typeof healthRoutes>[0]['live']): readonly Route[] {
  const progress = createProgress(context)
  const gaps = createGapWatch(context.store)
  const routes: Route[] = [
    ...deviceRoutes(context),
    ...streamRoutes(context),
    ...statisticsRoutes(context),
    ...plotRoutes(context),
    ...exportRoutes(context),
    ...gapRoutes(context),
    ...deliveryRoutes(context),
    ...quarantineRoutes(context),
    liveRoute,
    ...sessionRoutes(context),
    ...healthRoutes({ ...context, progress, gaps, live }),
    ...docsRoutes(context, () => routes),
  ]
  return routes
}
