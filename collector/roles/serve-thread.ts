import { fileURLToPath } from 'node:url'
import { readAudit } from '../audit-file.ts'
import { type Config, sqlitePath } from '../config/index.ts'
import type { Log } from '../core/log.ts'
import { createParquet, rowsPerGroup } from '../files/parquet.ts'
import { readSecret } from '../secret.ts'
import { createServer, createWaiting, type ReachOptions, type ServerOptions } from '../serve/index.ts'
import { openMongoAudits } from '../store/mongo/audits.ts'
import { systemClock } from '../system-clock.ts'
import type { ProgramState, RoleName } from './messages.ts'
import { createOpeners } from './open.ts'
import { openPatiently, patienceFor, whenMade } from './patience.ts'
import { createPlace } from './stand-in.ts'
import { type RunningRole, runThread, type Thread } from './thread.ts'

const pageFolder = fileURLToPath(new URL('../../dashboard/dist', import.meta.url))
/** Whoever takes longer to be opened is waited for in public. */
const slowMs = 1_500
/** A shorter key could be guessed from a cookie. */
const keyCharacters = 32

/** HTTP, WebSocket and the page. Reads; an operator's orders go to the log. */
async function startServe({ config, roles, version, log: logger, fail }: Thread): Promise<RunningRole> {
  const openers = createOpeners(config)
  const reach = reachOf(config)
  const site = { listen: config.serve.listen, reach, pageFolder, version, now: systemClock.now, logger }
  const patience = { clock: systemClock, log: logger }
  // The page and /readyz tell what is away.
  const place = createPlace((trouble) => createWaiting({ ...site, trouble, state: () => program }), patience)
  const slow = setTimeout(() => place.wait().catch(fail), slowMs)
  const made = <T>(open: () => Promise<T>, makers: readonly RoleName[]): Promise<T> =>
    whenMade(() => openPatiently(open, { ...patience, waiting: place.wait }), {
      patienceMs: patienceFor(makers, roles),
      clock: systemClock,
    })
  // Until the others speak for themselves they are starting: nobody shall be told to come before the door is open.
  const others = roles.filter((role) => role !== 'serve')
  let program: ProgramState = {
    roles: others.map((role) => ({ role, ok: false, detail: 'starting' })),
    metrics: [],
  }
  const log = await made(openers.readLog, ['bridge', 'roll'])
  const store = await made(openers.readStore, ['roll'])
  const deadLetters = await made(openers.readDeadLetters, ['bridge'])
  // Opened when the first order comes: reading must not wait for those who write.
  let orders: Promise<Log> | null = null
  const openOrders = (): Promise<Log> =>
    (orders ??= openers.log().catch((error: unknown) => {
      orders = null
      throw error
    }))
  const storePath = sqlitePath(config.store.url)
  const audits = storePath === null ? await openMongoAudits(config.store.url, { readOnly: true }) : null
  const close = async (): Promise<void> => {
    await orders?.then((log) => log.close())
    await deadLetters.close()
    await audits?.close()
    await store.close()
    await log.close()
  }
  clearTimeout(slow)
  const options: ServerOptions = {
    ...site,
    store,
    log,
    deadLetters,
    parquet: { create: createParquet, rowsPerGroup },
    append: async (records) => (await openOrders()).append(records),
    lastAudit: async () => (storePath === null ? ((await audits?.read()) ?? null) : readAudit(storePath)),
    state: () => program,
  }
  // It reads the store before it listens, which may be away again by now.
  const server = await place
    .take(() => createServer(options))
    .catch(async (error: unknown) => {
      await close()
      throw error
    })

  return {
    address: server.address,
    state: () => ({ roles: [], metrics: [] }),
    receive(message) {
      if (message.type === 'program') program = message.state
    },
    async stop() {
      await server.close()
      await close()
    },
  }
}

function reachOf({ serve }: Config): ReachOptions {
  const { sessionKey, ...rest } = serve
  return {
    ...rest,
    sessionKey: sessionKey === null ? null : readSecret(sessionKey, 'serve.sessionKey', keyCharacters),
  }
}

runThread(startServe)
