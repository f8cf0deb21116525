import { randomUUID } from 'node:crypto'
import { withoutPassword } from '../config/place.ts'
import type { Assignment } from '../core/assignment.ts'
import { isCoded } from '@barograph/proto'
import { createReceipts } from '../core/receipts.ts'
import { keepPruned } from '../core/retention/prune.ts'
import { keepSwept, type SweepCounts } from '../core/retention/sweeper.ts'
import { createRezoning } from '../core/rebuild/rezone.ts'
import {
  createRoll,
  type RollPoint,
  type RollReport,
  type RollStore,
  type StoredReceipt,
} from '../core/roll.ts'
import { createMqttClient } from '../ingest/mqtt-client.ts'
import { systemClock } from '../system-clock.ts'
import { rollMetrics, sweepMetrics } from './metrics.ts'
import { readMqttAccess, rollClientId } from './mqtt-access.ts'
import { createOpeners } from './open.ts'
import { createOwned } from './owned.ts'
import { openPatiently } from './patience.ts'
import { type RunningRole, runThread, type Thread } from './thread.ts'

const retryMs = 1_000

/** Log -> documents -> receipts, for the partitions that are ours. */
async function startRoll(thread: Thread): Promise<RunningRole> {
  const { config, log: say, fail } = thread
  const openers = createOpeners(config)
  const log = await openPatiently(openers.log, { clock: systemClock, log: say })
  const store = await openers.store({ isPatient: true })
  const ending = new AbortController()
  const reports = new Map<number, RollReport>()
  let assignment: Assignment | null = null
  const sender = createSender(thread)
  const reached = killPoint(process.env.BAROGRAPH_TEST_KILL_AT)

  /** Partitions share the store, so its trouble is said once. */
  function note(report: RollReport): void {
    const before = troubleOf(reports)
    const { partition, missed } = report
    if (missed > (reports.get(partition)?.missed ?? 0))
      say.error(
        { partition, missed },
        'the log does not reach back to where the store was folded: readings of these records are in the store only if their agents still hold them (run the audit)',
      )
    reports.set(partition, report)
    assignment?.stored(partition, report.stored)
    const now = troubleOf(reports)
    if (before === null && now !== null) say.error({}, `readings wait in the log: ${now}`)
    if (before !== null && now === null) say.info({}, 'readings are stored again')
  }

  const rezoning = createRezoning({
    store,
    log,
    makeToken: randomUUID,
    clock: systemClock,
    report(device, trouble) {
      if (trouble === null)
        say.info({ device }, 'a site changed back to a time of which there were windows: they are cut anew')
      else say.warn({ device }, `the windows before a change of site wait to be cut anew: ${trouble}`)
    },
  })

  // Before the first write of this program; each turn of a roll comes here first, and waits for a store that is away.
  const life = randomUUID()
  let begun: Promise<void> | null = null
  const beginLife = (): Promise<void> =>
    (begun ??= store.beginLife(life).catch((error: unknown) => {
      begun = null
      throw error
    }))
  const living: RollStore = {
    ...store,
    async createCheckpoint(checkpoint) {
      await beginLife()
      return store.createCheckpoint(checkpoint)
    },
  }

  const makeRoll = (partition: number) =>
    createRoll({
      log,
      store: living,
      partition,
      settings: { defaultTimeZone: config.defaultTimeZone, levels: config.rollups.levels },
      flushIntervalMs: config.rollups.flushIntervalMs,
      publish: sender.publish,
      report: note,
      rezone: rezoning.note,
      clock: systemClock,
      ...(reached ? { reached } : {}),
    })
  const prune = (signal: AbortSignal): Promise<void> =>
    keepPruned({
      log,
      store,
      clock: systemClock,
      retentionMs: config.log.retentionMs,
      signal,
      report(outcome) {
        if (typeof outcome === 'string')
          say.warn({}, `records past the retention of the log stay for now: ${outcome}`)
        else if (outcome > 0)
          say.info({ dropped: outcome }, 'dropped records that are past the retention of the log')
      },
    })
  let swept: SweepCounts | null = null
  const sweep = (signal: AbortSignal): Promise<void> =>
    keepSwept({
      log,
      store,
      retention: config.retention,
      clock: systemClock,
      signal,
      report(outcome) {
        if (typeof outcome === 'string') {
          say.warn({}, `what is past its retention stays for now: ${outcome}`)
          return
        }
        const fresh = since(outcome, swept)
        swept = outcome
        if (fresh) say.info(fresh, 'dropped what is past its retention')
      },
    })
  const announced = new Map<number, Promise<void>>()
  const owned = createOwned(async (partition, signal) => {
    const roll = makeRoll(partition)
    announced.set(partition, roll.announced)
    // One owner is enough for what is about all partitions, and two do no harm.
    const ofAll = partition === 0 ? [prune(signal), sweep(signal)] : []
    await Promise.all([roll.run(signal), ...ofAll])
    reports.delete(partition)
  }, fail)
  const rezoned = patiently(beginLife, ending.signal).then(() => rezoning.run(ending.signal))
  rezoned.catch(fail)
  assignment = await openers.assignment(log, thread.partitions)
  const assigned = Promise.withResolvers<void>()
  // Nothing to say of one who has all of them, until there were others.
  let wasShared = false
  assignment.watch((partitions) => {
    owned.want(partitions)
    const isShared = partitions.size < log.partitions
    if (isShared || wasShared) say.info({ partitions: owned.partitions() }, 'folds these partitions')
    wasShared = isShared
    assigned.resolve()
  })
  await assigned.promise
  await Promise.race([rezoned, Promise.all(owned.partitions().flatMap((one) => announced.get(one) ?? []))])

  return {
    address: null,
    state() {
      const all = [...reports.values()]
      const trouble = troubleOf(reports) ?? sender.trouble() ?? assignment?.trouble() ?? null
      const behind = all.reduce((sum, report) => sum + report.behind, 0)
      return {
        roles: [{ role: 'roll', ok: trouble === null, detail: trouble ?? `${behind} records behind` }],
        metrics: [...rollMetrics(all), ...(swept ? sweepMetrics(swept) : [])],
      }
    },
    receive() {},
    async stop() {
      ending.abort()
      await Promise.all([owned.close(), rezoned])
      await assignment?.close()
      await sender.close()
      await store.close()
      await log.close()
    },
  }
}

/** Tries again while the store is away; the rolls say so. */
async function patiently(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work()
    } catch (error) {
      if (!isCoded(error) || !error.retryable) throw error
      await systemClock.sleep(retryMs, signal)
    }
  }
}

/** What came to the counts since; null: nothing. */
function since(now: SweepCounts, before: SweepCounts | null): Partial<SweepCounts> | null {
  const { sweeps: _, ...work } = now
  const fresh = Object.entries(work).map(
    ([name, count]) => [name, count - (before?.[name as keyof SweepCounts] ?? 0)] as const,
  )
  const some = fresh.filter(([, count]) => count > 0)
  return some.length > 0 ? Object.fromEntries(some) : null
}

function troubleOf(reports: ReadonlyMap<number, RollReport>): string | null {
  for (const { trouble } of reports.values()) if (trouble !== null) return trouble
  return null
}

interface Sender {
  publish(receipts: readonly StoredReceipt[]): void
  trouble(): string | null
  close(): Promise<void>
}

/** Receipts go to the thread that has the devices, or, when that is in another process, through the broker. */
function createSender({ config, roles, log: say, send, fail }: Thread): Sender {
  if (roles.includes('bridge'))
    return {
      publish: (receipts) => send({ type: 'stored', receipts }),
      trouble: () => null,
      close: async () => {},
    }
  const { mqtt } = config
  if (!mqtt) throw new Error('a roll without the bridge needs mqtt.url')
  const client = createMqttClient({
    url: mqtt.url,
    clientId: rollClientId(mqtt),
    access: readMqttAccess(mqtt),
    refused: fail,
    accept: null,
    report: (trouble) =>
      trouble === null ? say.info({}, `connected to ${withoutPassword(mqtt.url)}`) : say.warn({}, trouble),
  })
  const receipts = createReceipts({ clock: systemClock, send: client.publish })
  return { publish: receipts.stored, trouble: client.trouble, close: client.close }
}

/**
 * For the tests of crashes: `windows-written:2` kills the program when it reaches that point for the second time, as
 * nothing but a test from outside can tell where it was.
 */
function killPoint(setting: string | undefined): ((point: RollPoint) => void) | null {
  if (!setting) return null
  const [name, times = '1'] = setting.split(':')
  let left = Number(times)
  return (point) => {
    if (point === name && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
}

runThread(startRoll)
