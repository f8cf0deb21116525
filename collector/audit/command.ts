import { resolve } from 'node:path'
import type { Command } from 'commander'
import { CodedError, isCoded } from '@barograph/proto'
import type { ApiAudit } from '@barograph/proto/api'
import { keepAudit } from '../audit-file.ts'
import { commonOptions, configOf } from '../cli/context.ts'
import { failureWords } from '../cli/failure.ts'
import { type Config, sqlitePath, withoutPassword } from '../config/index.ts'
import { brokersOf } from '../config/kafka.ts'
import { openMongoAudits } from '../store/mongo/audits.ts'
import { type Progress, runAudit, runServerAudit, type ServerAuditOptions } from './audit.ts'
import type { AuditResult } from './report.ts'
import { auditWords } from './words.ts'

const examples = `
Examples:
  barograph-collector audit                                    of the configured store and log
  barograph-collector audit --store backup/store.db --log backup/log.db
  barograph-collector audit --store mongodb://127.0.0.1:27017/restored
  barograph-collector audit --log kafka://127.0.0.1:29092      with topicPrefix and log.kafka of the configuration
  barograph-collector audit --rollups mongodb://127.0.0.1:27017/barograph-spark     the Spark job's windows (docs/spark.md)
  barograph-collector audit --json

The result is kept with the store (in FILE.audit.json beside a file) and shown at /api/v1/audit.
Exit codes: 0 all is equal, 1 something differs, 2 wrong usage or files that cannot be read.`

/** Adds `audit`: recompute everything stored from the raw readings, and compare exactly. */
export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('recompute every rollup from the raw readings and compare; account for every number')
    .option(
      '--store <place>',
      'store to audit: a file or a database of MongoDB (default: the configured one)',
    )
    .option('--log <place>', 'its log: a file or a Kafka (default: the configured one)')
    .option(
      '--rollups <database>',
      "audit the windows of the Spark job in this database of MongoDB instead of the store's own",
    )
    .addHelpText('after', examples)
    .action((options: AuditWords, command: Command) => audit(options, command))
}

interface AuditWords {
  readonly store?: string
  readonly log?: string
  readonly rollups?: string
}

async function audit({ store, log, rollups }: AuditWords, command: Command): Promise<void> {
  const common = commonOptions(command)
  // Also for how to get into a Kafka that is named here.
  const isConfigured = store === undefined || log === undefined || isKafka(log)
  const config = isConfigured ? configOf(common) : null
  const progress = process.stderr.isTTY && !common.json ? createProgressLine() : null
  const place = store ?? config?.store.url ?? ''
  const isMongo = isMongoUrl(place)
  if (rollups !== undefined && (!isMongo || !isMongoUrl(rollups)))
    throw new CodedError('bad-usage', '--rollups compares windows in MongoDB with a store in MongoDB.', {
      hint: `Allowed: mongodb://HOST:PORT/DATABASE for both; the store is ${withoutPassword(place)}.`,
    })
  const logPlace = log ?? config?.log.url ?? ''
  const watched = { now: () => performance.now(), ...(progress ? { progress: progress.show } : {}) }
  try {
    const result =
      isMongo || isKafka(logPlace)
        ? await runServerAudit({
            ...watched,
            store: isMongo ? { url: place, rollupsUrl: rollups } : { path: pathOf(place) },
            log: isKafka(logPlace) ? await kafkaAt(logPlace, config) : { path: pathOf(logPlace) },
          })
        : runAudit({ ...watched, storePath: pathOf(place), logPath: pathOf(logPlace) })
    progress?.clear()
    process.stdout.write(`${common.json ? JSON.stringify(result, null, 2) : auditWords(result)}\n`)
    process.exitCode = result.equal ? 0 : 1
    // The page shows what was found of the store.
    if (rollups === undefined) await keep(isMongo ? place : null, isMongo ? '' : pathOf(place), result)
  } finally {
    progress?.clear()
  }
}

const isMongoUrl = (place: string): boolean => /^mongodb(\+srv)?:/.test(place)

const isKafka = (place: string): boolean => place.startsWith('kafka://')

/** The client is loaded only by those who have a Kafka. */
async function kafkaAt(url: string, config: Config | null): Promise<ServerAuditOptions['log']> {
  const { placeOf } = await import('../log/kafka/index.ts')
  const kafka = config?.log.kafka
  const { topicPrefix = 'barograph', routes = [], tls = null, sasl = null } = kafka ?? {}
  return { topicPrefix, routes, place: placeOf({ brokers: brokersOf(url), tls, sasl }) }
}

/** What was found stands, whether or not it can be kept for the page to show. */
async function keep(storeUrl: string | null, storePath: string, result: AuditResult): Promise<void> {
  const view = auditView(result, new Date())
  try {
    if (storeUrl === null) return keepAudit(storePath, view)
    const audits = await openMongoAudits(storeUrl, { readOnly: false })
    await audits.keep(view).finally(audits.close)
  } catch (error) {
    if (!isCoded(error)) throw error
    process.stderr.write(`${failureWords(error)}\n`)
  }
}

/** A result as outsiders see it. */
function auditView(result: AuditResult, finished: Date): ApiAudit {
  const onTheWay = result.onTheWay.map((one) => ({ ...one, ranges: one.ranges.map((range) => [...range]) }))
  return {
    finished: finished.toISOString(),
    ...result,
    onTheWay,
    findings: [...result.findings],
    differences: [...result.differences],
  }
}

/** A file, also written as in the configuration. */
function pathOf(text: string): string {
  if (!/^[a-z+]+:\/\//.test(text)) return resolve(sqlitePath(text) ?? text)
  throw new CodedError('bad-usage', `The audit reads no ${withoutPassword(text)}.`, {
    hint: 'Allowed: files, mongodb://HOST:PORT/DATABASE for the store, kafka://HOST:PORT for the log.',
  })
}

const redrawMs = 200

function createProgressLine() {
  let shownAt = Number.NEGATIVE_INFINITY
  let isShown = false
  return {
    show({ stream, streams, readings }: Progress): void {
      const now = performance.now()
      if (now - shownAt < redrawMs) return
      shownAt = now
      isShown = true
      process.stderr.write(
        `\r\x1b[Kauditing stream ${stream} of ${streams}, ${readings.toLocaleString('en-US')} readings`,
      )
    },
    clear(): void {
      if (isShown) process.stderr.write('\r\x1b[K')
      isShown = false
    },
  }
}
