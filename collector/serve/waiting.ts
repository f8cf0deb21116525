import type { ApiReadiness } from '@barograph/proto/api'
import type { ProgramState, ServeLogger } from './context.ts'
import { createHttp } from './http.ts'
import { checkListen, type Listen } from './listen.ts'
import { listenError } from '../listen-error.ts'
import { createProblem } from './problem.ts'
import { noParameters } from './query.ts'
import { createReach, localReach, type ReachOptions } from './reach.ts'
import { defineRoute, type Route } from './route.ts'
import { aliveRoute, forAnybody } from './routes/health.ts'
import { callerOrNobody, sessionRoutes } from './routes/session.ts'
import * as schemas from './schemas.ts'

export interface WaitingOptions {
  readonly listen: Listen
  readonly reach?: Partial<ReachOptions>
  readonly pageFolder: string
  readonly version: string
  /** What is away, in words. */
  readonly trouble: () => string
  readonly state: () => ProgramState
  readonly now: () => number
  readonly logger: ServeLogger
}

export interface Waiting {
  close(): Promise<void>
}

/**
 * Answers in the place of the server while the log or the store is away: the page comes up and says so, /healthz is well,
 * and /readyz tells the reason. Rejects as the server does when it cannot listen there.
 */
export async function createWaiting(options: WaitingOptions): Promise<Waiting> {
  const { listen, logger, now, pageFolder, trouble } = options
  const reach = createReach(
    { ...localReach, ...options.reach },
    {
      now,
      onRefused: (fields) => logger.warn(fields, 'a token was refused'),
      onTrouble: (error) => logger.error({ code: error.code, hint: error.hint }, error.message),
    },
  )
  checkListen(listen, reach.access.isOpen)
  const app = await createHttp({
    routes: [...sessionRoutes({ reach, logger }), ...waitingRoutes(options)],
    reach,
    pageFolder,
    logger,
    unready: () =>
      createProblem(
        'waiting',
        reach.access.isOpen ? trouble() : 'The log or the store of the collector is away.',
        'nothing: it goes on by itself when that is back',
      ),
  })
  await app.listen(listen).catch((error: NodeJS.ErrnoException) => {
    throw listenError(error, listen, 'serve.listen')
  })
  return { close: () => app.close() }
}

function waitingRoutes({ version, trouble, state, now }: WaitingOptions): Route[] {
  return [
    aliveRoute({ version, now, startedAt: now() }),
    defineRoute({
      path: '/readyz',
      needs: 'nothing',
      summary: 'Not yet',
      params: noParameters,
      query: noParameters,
      answer: schemas.readiness,
      statusOf: () => 503,
      async handle(_input, call): Promise<ApiReadiness> {
        const checks = [
          ...state().roles.map(({ role, ok, detail }) => ({ name: role, ok, detail })),
          { name: 'log and store', ok: false, detail: trouble() },
        ]
        const isKnown = (await callerOrNobody(call)) !== null
        return { ready: false, checks: isKnown ? checks : checks.flatMap(forAnybody) }
      },
    }),
  ]
}
