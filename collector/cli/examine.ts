import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { isCoded } from '@barograph/proto'
import { type Address, formatAddress } from '@barograph/proto/config'
import mqtt from 'mqtt'
import { type Config, sqlitePath, withoutPassword } from '../config/index.ts'
import { partitionsIn } from '../config/kafka.ts'
import type { Log } from '../core/log.ts'
import type { Store } from '../core/store.ts'
import { listen } from '../ingest/listen.ts'
import { credentials, type MqttAccess } from '../ingest/mqtt-client.ts'
import { readMqttAccess } from '../roles/mqtt-access.ts'
import { createOpeners } from '../roles/open.ts'
import { readTokenFile } from '../serve/access/token-file.ts'
import { roles } from '../serve/access/token.ts'
import { examineDevices } from './examine-devices.ts'
import { fault, type Finding, found } from './finding.ts'
import { existingFolder } from './folders.ts'

const patienceMs = 5_000
/** Commits are what an embedded log costs: fewer than this and live values come late. */
const fewestFsyncs = 20
const leastFreeBytes = 256 * 1024 * 1024
const fsyncTrialMs = 300

/** Looks at everything that the collector needs. Changes nothing but a file that it removes again. */
export async function examine(config: Config): Promise<Finding[]> {
  const folders = new Set(
    [config.log.url, config.store.url].flatMap((url) => {
      const path = sqlitePath(url)
      return path === null ? [] : [dirname(path)]
    }),
  )
  return [
    found('node', process.version),
    ...(config.broker
      ? [await examinePort('broker', config.broker.listen, 'broker.listen', isBrokerWith(config.broker.tls))]
      : []),
    ...examineDevices(config, Date.now()),
    ...(config.mqtt ? [await examineBroker(config.mqtt.url, readMqttAccess(config.mqtt))] : []),
    await examinePort('page', config.serve.listen, 'serve.listen', isCollector),
    examineTokens(config),
    ...[...folders].flatMap(examineFolder),
    ...(await examineData(config)),
  ]
}

/** Free, or taken by a collector that runs already. */
async function examinePort(
  name: string,
  address: Address,
  key: string,
  isOurs: (address: Address) => Promise<boolean>,
): Promise<Finding> {
  const where = formatAddress(address)
  const server = createServer()
  try {
    await listen(server, address, key)
    return found(name, `${where} is free`)
  } catch (error) {
    if (!isCoded(error)) throw error
    if (error.code === 'port-in-use' && (await isOurs(address)))
      return found(name, `${where}: answers already (a collector that runs?)`)
    return fault(name, error.message, error.hint ?? '')
  } finally {
    server.close()
  }
}

/** Who may read the page, as far as the files tell. */
function examineTokens({ serve: { tokens } }: Config): Finding {
  if (!tokens) return found('tokens', 'nobody is asked: only this machine reaches the page')
  try {
    const counts = roles.map((role) => {
      const path = tokens[role]
      return `${path === null ? 0 : readTokenFile(path, role).length} of ${role}s`
    })
    return found('tokens', counts.join(', '))
  } catch (error) {
    if (!isCoded(error)) throw error
    return fault('tokens', error.message, error.hint ?? '')
  }
}

async function isCollector(address: Address): Promise<boolean> {
  try {
    const answer = await fetch(`http://${formatAddress(address)}/healthz`, {
      signal: AbortSignal.timeout(patienceMs),
    })
    return answer.ok
  } catch {
    // Whatever listens there does not speak HTTP as a collector does: that is the answer.
    return false
  }
}

/** One that asks who we are, and does not know us, is a broker too. */
const isBrokerWith =
  (tls: unknown) =>
  async (address: Address): Promise<boolean> => {
    try {
      const client = await mqtt.connectAsync(
        `${tls === null ? 'mqtt' : 'mqtts'}://${formatAddress(address)}`,
        {
          clientId: `barograph-doctor-${process.pid}`,
          protocolVersion: 4,
          reconnectPeriod: 0,
          connectTimeout: patienceMs,
          // It is asked whether it is there, and told nothing.
          rejectUnauthorized: false,
        },
      )
      await client.endAsync()
      return true
    } catch (error) {
      return error instanceof Error && 'code' in error && typeof error.code === 'number'
    }
  }

async function examineBroker(url: string, access?: MqttAccess): Promise<Finding> {
  const shown = url.replace(/\/\/[^@/]*@/, '//')
  try {
    const client = await mqtt.connectAsync(url, {
      ...credentials(access),
      clientId: `barograph-doctor-${process.pid}`,
      protocolVersion: 4,
      reconnectPeriod: 0,
      connectTimeout: patienceMs,
    })
    await client.endAsync()
    return found('mqtt', `${shown} answers`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return fault(
      'mqtt',
      `${shown} does not let us in: ${why}`,
      'Is it running, and are name and password right?',
    )
  }
}

function examineFolder(folder: string): Finding[] {
  const there = existingFolder(folder)
  try {
    const { bavail, bsize } = statfsSync(there)
    const freeBytes = bavail * bsize
    const free = `${Math.floor(freeBytes / 1024 / 1024)} MB free`
    const rate = fsyncsPerSecond(there)
    return [
      found('folder', there === folder ? `${folder} can be written` : `${folder} can be made in ${there}`),
      freeBytes >= leastFreeBytes
        ? found('disk space', free)
        : fault(
            'disk space',
            free,
            'When it is full nothing is acknowledged, and devices keep their readings.',
          ),
      rate >= fewestFsyncs
        ? found('disk speed', `${rate} durable writes a second`)
        : fault(
            'disk speed',
            `${rate} durable writes a second`,
            'Use an SSD, or the internal disk, for the data.',
          ),
    ]
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [
      fault(
        'folder',
        `${folder} cannot be written: ${why}`,
        'Check who owns it, or name another in log.url, store.url.',
      ),
    ]
  }
}

function fsyncsPerSecond(folder: string): number {
  const trial = mkdtempSync(join(folder, '.barograph-doctor-'))
  try {
    const file = openSync(join(trial, 'trial'), 'w')
    const page = Buffer.alloc(4_096, 1)
    const startedMs = performance.now()
    let count = 0
    do {
      writeSync(file, page)
      fsyncSync(file)
      count++
    } while (performance.now() - startedMs < fsyncTrialMs)
    closeSync(file)
    return Math.round((1_000 * count) / (performance.now() - startedMs))
  } finally {
    rmSync(trial, { recursive: true })
  }
}

async function examineData(config: Config): Promise<Finding[]> {
  const openers = createOpeners(config)
  const log = await tryOpen(
    'log',
    openers.readLog,
    (one) => `${shownPlace(config.log.url)}: ${one.partitions} partitions, id ${one.id}`,
  )
  const store = await tryOpen('store', openers.readStore, () => shownPlace(config.store.url))
  const findings = [log.finding, store.finding]
  if (log.value && store.value) findings.push(await examineCheckpoints(log.value, store.value))
  if (log.value && log.value.partitions !== partitionsIn(config.log))
    findings.push(
      fault(
        'partitions',
        `the log has ${log.value.partitions}, log.partitions says ${config.log.partitions}`,
        `The number is fixed with the log: set it to ${log.value.partitions}.`,
      ),
    )
  await store.value?.close()
  await log.value?.close()
  return findings
}

/** A file by its path, a server by its address. */
const shownPlace = (url: string): string => sqlitePath(url) ?? withoutPassword(url)

async function tryOpen<T>(
  name: string,
  open: () => Promise<T>,
  words: (value: T) => string,
): Promise<{ value: T | null; finding: Finding }> {
  try {
    const value = await open()
    return { value, finding: found(name, words(value)) }
  } catch (error) {
    if (!isCoded(error)) throw error
    if (error.code.endsWith('-missing'))
      return { value: null, finding: found(name, 'not there yet: the first start makes it') }
    return { value: null, finding: fault(name, error.message, error.hint ?? '') }
  }
}

/** The store must have been folded from this log, and no further than it goes. */
async function examineCheckpoints(log: Log, store: Store): Promise<Finding> {
  const hint =
    'Bring the old log back, or go over to this one with barograph-collector rebuild --new-log: devices still hold what was never stored.'
  let behind = 0
  for (let partition = 0; partition < log.partitions; partition++) {
    const checkpoint = await store.checkpoint(partition)
    if (!checkpoint) continue
    const { next } = await log.extent(partition)
    if (checkpoint.logId !== log.id)
      return fault(
        'checkpoint',
        `partition ${partition} was folded from another log (${checkpoint.logId})`,
        hint,
      )
    const furthest = Math.max(checkpoint.position.n, checkpoint.reach)
    if (furthest > next)
      return fault(
        'checkpoint',
        `partition ${partition} is folded up to ${furthest}, the log ends at ${next}`,
        hint,
      )
    behind += next - checkpoint.position.n
  }
  return found(
    'checkpoint',
    behind === 0 ? 'all of the log is stored' : `${behind} records of the log wait to be stored`,
  )
}
