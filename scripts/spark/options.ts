import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export const help = `npm run spark: the collector's rollups, made by Spark Structured Streaming (docs/spark.md)

  npm run spark -- --kafka 127.0.0.1:29092 --mongodb mongodb://127.0.0.1:27017/barograph-spark
  npm run spark -- --kafka k1:9092,k2:9092 --mongodb mongodb://db/barograph-spark --workers 4 --memory 4g
  npm run spark -- --kafka ... --mongodb ... --once      up to the end of the topic, then stop
  npm run spark -- setup                                 only fetch what it needs
  npm run spark -- submit                                what to give to spark-submit on a cluster

  --kafka HOST:PORT[,...]     the brokers
  --mongodb URL               a database of its own: no collector's, of no other log
  --topic-prefix WORD         as log.topicPrefix of the collector (barograph): WORD.readings is read
  --folder DIR                Spark's checkpoint and scratch files (data/spark/DATABASE); keep it with the database
  --workers N                 tasks at once on this machine (2); no more than the topic has partitions are of use
  --memory SIZE               of the JVM (1g)
  --every SECONDS             a micro-batch this often (5)
  --most-records N            records in one micro-batch, all partitions together (20000)
  --continue-after-loss       go on where the topic begins, if its retention has passed what was read
  --kafka-option NAME=VALUE   for Kafka's client, as security.protocol=SASL_SSL; may be given several times
  --json                      progress as one JSON object a line

Needed: Java 17 or newer, Python 3.11 to 3.13 with venv, Maven for the first start (PyPI and Maven Central; kept in
~/.cache). On Debian: apt-get install default-jdk-headless maven python3-venv
Ctrl-C stops it; the next start goes on where it was. Exit codes: 0 stopped, 1 failed, 2 wrong usage or database.`

export class WrongUsage extends Error {}

/** What the user asked for. */
export interface SparkOptions {
  readonly folder: string
  readonly workers: number
  readonly memory: string
  /** For the job itself. */
  readonly job: readonly string[]
}

export type SparkCommand =
  | { readonly verb: 'run'; readonly options: SparkOptions }
  | { readonly verb: 'submit' }
  | { readonly verb: 'setup' }
  | { readonly verb: 'help' }

const known = {
  kafka: { type: 'string' },
  mongodb: { type: 'string' },
  'topic-prefix': { type: 'string', default: 'barograph' },
  folder: { type: 'string' },
  workers: { type: 'string', default: '2' },
  memory: { type: 'string', default: '1g' },
  every: { type: 'string', default: '5' },
  'most-records': { type: 'string', default: '20000' },
  once: { type: 'boolean', default: false },
  'continue-after-loss': { type: 'boolean', default: false },
  'kafka-option': { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h' },
} as const

/** Reads the command line. Throws WrongUsage that names what, and what is allowed. */
export function readCommand(args: string[]): SparkCommand {
  const { values, positionals } = parse(args)
  if (values.help) return { verb: 'help' }
  const [verb, ...more] = positionals
  if ((verb === 'submit' || verb === 'setup') && more.length === 0) return { verb }
  if (verb !== undefined)
    throw new WrongUsage(`"${positionals.join(' ')}": a word here is setup or submit, or none`)
  const kafka = brokers(values.kafka)
  const { url, database } = mongodb(values.mongodb)
  const every = number('--every', values.every, 0.1, 3_600)
  const most = whole('--most-records', values['most-records'], 10_000_000)
  const folder = resolve(values.folder ?? join(process.env.BAROGRAPH_DATA || 'data', 'spark', database))
  const pairs = values['kafka-option'] ?? []
  for (const pair of pairs)
    if (!/^[^=]+=/.test(pair)) throw new WrongUsage(`--kafka-option ${pair}: NAME=VALUE`)
  if (!/^\d+[mg]$/i.test(values.memory))
    throw new WrongUsage(`--memory ${values.memory}: a number with m or g, such as 512m or 4g`)
  if (!/^[A-Za-z0-9._-]+$/.test(values['topic-prefix']))
    throw new WrongUsage(
      `--topic-prefix ${values['topic-prefix']}: letters, digits, dots, dashes and underscores`,
    )
  return {
    verb: 'run',
    options: {
      folder,
      workers: whole('--workers', values.workers, 1_000),
      memory: values.memory,
      job: [
        `--kafka=${kafka}`,
        `--mongodb=${url}`,
        `--topic-prefix=${values['topic-prefix']}`,
        `--checkpoint=${join(folder, 'checkpoint')}`,
        `--every=${every}`,
        `--most-records=${most}`,
        ...pairs.map((pair) => `--kafka-option=${pair}`),
        ...(values.once ? ['--once'] : []),
        ...(values['continue-after-loss'] ? ['--continue-after-loss'] : []),
        ...(values.json ? ['--json'] : []),
      ],
    },
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known, allowPositionals: true })
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error))
  }
}

function brokers(text: string | undefined): string {
  if (text === undefined) throw new WrongUsage('--kafka is missing: HOST:PORT of a broker')
  const list = text.replace(/^kafka:\/\//, '')
  if (!/^[^\s,/]+:\d+(,[^\s,/]+:\d+)*$/.test(list))
    throw new WrongUsage(`--kafka ${text}: HOST:PORT, several with commas`)
  return list
}

function mongodb(text: string | undefined): { readonly url: string; readonly database: string } {
  if (text === undefined) throw new WrongUsage('--mongodb is missing: mongodb://HOST:PORT/DATABASE')
  const [, database] = /^mongodb(?:\+srv)?:\/\/[^/\s]+\/([A-Za-z0-9_-]{1,63})(?:\?\S*)?$/.exec(text) ?? []
  if (database === undefined)
    throw new WrongUsage('--mongodb: mongodb://HOST:PORT/DATABASE, with a database of its own')
  return { url: text, database }
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least && value <= most))
    throw new WrongUsage(`${name} ${text}: a number from ${least} to ${most}`)
  return value
}

function whole(name: string, text: string, most: number): number {
  const value = number(name, text, 1, most)
  if (!Number.isInteger(value)) throw new WrongUsage(`${name} ${text}: a whole number from 1 to ${most}`)
  return value
}
