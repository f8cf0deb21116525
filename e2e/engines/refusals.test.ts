import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openAuthority } from '../../collector/devices/authority.ts'
import { hashForMosquitto } from '../../collector/devices/token.ts'
import { createKafkaLog } from '../../collector/log/kafka/log.ts'
import { startKafka } from '../../scripts/services/kafka.ts'
import { temporaryFolder } from '../harness/folder.ts'
import { freePorts } from '../harness/ports.ts'
import { collectorProgram, run, start } from '../harness/process.ts'
import { eventually } from '../harness/wait.ts'
import { needsKafka, needsMongodbToKill, needsMosquitto } from '../needs.ts'
import { openMosquitto } from './bridge.ts'
import { logAt } from './kafka-rig.ts'
import { startMongoServer } from './mongo-server.ts'
import { openTlsWall } from './tls-wall.ts'

type Environment = Readonly<Record<string, string>>

/** What is wrong, what is set to it (`yaml`: in the configuration's file), what is said. */
type Row = readonly [what: string, env: Environment, words: RegExp]

interface Engine {
  /** Another configuration is needed: the start ends. */
  readonly final: readonly Row[]
  /** It may pass: the collector says so, and waits. */
  readonly passing: readonly Row[]
}

/** In no message, whatever goes wrong. */
const secrets = ['swordfish', 'tigershark']
const nowhere = 'barograph-nowhere.invalid'

const openFolder = async () => {
  const folder = temporaryFolder()
  const authority = await openAuthority(join(folder, 'ours'), Date.now())
  await openAuthority(join(folder, 'strange'), Date.now())
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const ca = (whose: 'ours' | 'strange') => join(folder, whose, 'ca.crt')
  write('right', 'swordfish\n')
  write('wrong', 'tigershark\n')
  return { folder, authority, write, ca }
}

async function openKafka(port: number): Promise<Engine> {
  const { folder, authority, ca } = await openFolder()
  const server = await authority.issueServer(['127.0.0.1'], Date.now())
  const kafka = await startKafka({
    folder: join(folder, 'kafka'),
    tls: { cert: server.cert, key: server.key },
    users: { barograph: 'swordfish' },
  })
  onTestFinished(() => kafka.stop())
  const own = (whose: 'ours' | 'strange', password: string, more: string[] = []) => ({
    yaml: [
      `log:`,
      `  url: kafka://127.0.0.1:${kafka.port}`,
      ...more.map((line) => `  ${line}`),
      `  kafka:`,
      `    tls: { ca: ${ca(whose)} }`,
      `    sasl: { mechanism: scram-sha-512, username: barograph, password: file:${join(folder, password)} }`,
    ].join('\n'),
  })
  const place = {
    brokers: [`127.0.0.1:${kafka.port}`],
    tls: { ca: authority.cert },
    sasl: { mechanism: 'scram-sha-512', username: 'barograph', password: 'swordfish' },
  } as const
  const options = logAt(kafka, { place, topicPrefix: 'three', partitions: 3, retentionMs: 7 * 86_400_000 })
  await (await createKafkaLog(options)).close()
  return {
    final: [
      [
        'a host of no name',
        { BAROGRAPH_LOG_URL: `kafka://${nowhere}:9092` },
        /There is no host of that name in/,
      ],
      ['a URL without a port', { BAROGRAPH_LOG_URL: 'kafka://127.0.0.1' }, /log\.url/],
      ['a wrong password', own('ours', 'wrong'), /Kafka at .* does not let us in/],
      ['a foreign authority', own('strange', 'right'), /no TLS connection/],
      [
        'a topic with 3 instead of 4 partitions',
        own('ours', 'right', ['topicPrefix: three']),
        /Topic three\.readings has 3 partitions, 4 are configured\./,
      ],
    ],
    passing: [
      [
        'nobody at that port',
        { BAROGRAPH_LOG_URL: `kafka://127.0.0.1:${port}` },
        /waiting: Kafka at .* does not answer/,
      ],
      [
        'no TLS where it is asked for',
        { BAROGRAPH_LOG_URL: `kafka://127.0.0.1:${kafka.port}` },
        /waiting: Kafka at .* does not answer/,
      ],
    ],
  }
}

async function openMongo(port: number): Promise<Engine> {
  const { folder, ca } = await openFolder()
  const server = await startMongoServer({ own: true })
  onTestFinished(() => server.stop())
  const [newer, foreign, fresh] = [server.freshUrl(), server.freshUrl(), server.freshUrl()]
  const client = await new MongoClient(newer).connect()
  const schema = { _id: 'schema' as never, what: 'barograph store', version: 99, created: new Date() }
  await client.db().collection('meta').insertOne(schema)
  await client.db(new URL(foreign).pathname.slice(1)).collection('theirs').insertOne({ a: 1 })
  await client.close()
  const wall = await openTlsWall(server.service?.port ?? 0, join(folder, 'ours'))
  const store = (url: string) => ({ BAROGRAPH_STORE_URL: url })
  const behind = (file: string) => store(`mongodb://127.0.0.1:${wall}/tls?tls=true&tlsCAFile=${file}`)
  return {
    final: [
      ['a host of no name', store(`mongodb://${nowhere}/barograph`), /there is no such host/],
      ['a URL without a database', store('mongodb://127.0.0.1:1'), /store\.url = .*is neither/],
      ['an option that is none', store(`${fresh}?tlss=true`), /store\.url/],
      ['a wrong password', store(fresh.replace('//', '//barograph:tigershark@')), /does not let us in/],
      ['a foreign authority', behind(ca('strange')), /could not be secured/],
      [
        'an authority that is not there',
        behind(join(folder, 'none.crt')),
        /none\.crt, which store\.url names, cannot be read/,
      ],
      ['a newer schema', store(newer), /written by a newer Barograph: its schema is version 99/],
      ['data of others', store(foreign), /holds other data \(theirs\)/],
    ],
    passing: [
      [
        'nobody at that port',
        store(`mongodb://127.0.0.1:${port}/barograph`),
        /waiting: MongoDB at .* does not answer/,
      ],
      [
        'no TLS where it is asked for',
        store(`mongodb://127.0.0.1:${wall}/barograph`),
        /waiting: MongoDB at .* does not answer/,
      ],
    ],
  }
}

async function openBroker(port: number): Promise<Engine> {
  const { folder, authority, write, ca } = await openFolder()
  const server = await authority.issueServer(['127.0.0.1'], Date.now())
  const broker = await openMosquitto({
    folder,
    tls: true,
    settings: [
      'allow_anonymous false',
      `password_file ${write('passwords', `collector:${hashForMosquitto('swordfish')}\n`)}`,
      `cafile ${ca('ours')}`,
      `certfile ${write('server.crt', server.cert)}`,
      `keyfile ${write('server.key', server.key)}`,
    ],
  })
  const own = (more: Environment): Environment => ({
    BAROGRAPH_MQTT_URL: broker.url,
    BAROGRAPH_MQTT_USERNAME: 'collector',
    BAROGRAPH_MQTT_PASSWORD: `file:${join(folder, 'right')}`,
    BAROGRAPH_MQTT_CA: ca('ours'),
    ...more,
  })
  const { BAROGRAPH_MQTT_CA: _, ...plain } = own({})
  return {
    final: [
      ['a host of no name', own({ BAROGRAPH_MQTT_URL: `mqtts://${nowhere}:8883` }), /no host of the name in/],
      ['a scheme that is none', own({ BAROGRAPH_MQTT_URL: 'http://127.0.0.1:1883' }), /mqtt\.url/],
      [
        'a wrong password',
        own({ BAROGRAPH_MQTT_PASSWORD: `file:${join(folder, 'wrong')}` }),
        /it does not let us in/,
      ],
      ['a foreign authority', own({ BAROGRAPH_MQTT_CA: ca('strange') }), /No TLS with the broker at/],
      [
        'an authority where there is no TLS',
        own({ BAROGRAPH_MQTT_URL: 'mqtt://127.0.0.1:1883' }),
        /speaks no TLS/,
      ],
      ['an authority that is not there', own({ BAROGRAPH_MQTT_CA: join(folder, 'none.crt') }), /none\.crt/],
    ],
    passing: [
      [
        'nobody at that port',
        own({ BAROGRAPH_MQTT_URL: `mqtts://127.0.0.1:${port}` }),
        /no connection to mqtts:.*ECONNREFUSED/,
      ],
      [
        'no TLS where it is asked for',
        { ...plain, BAROGRAPH_MQTT_URL: broker.url.replace('mqtts', 'mqtt') },
        /no connection to mqtt:/,
      ],
    ],
  }
}

const engines = [
  ['Kafka', needsKafka, openKafka],
  ['MongoDB', needsMongodbToKill, openMongo],
  ['Mosquitto', needsMosquitto, openBroker],
] as const

for (const [name, need, open] of engines)
  describe.skipIf(!need.isMet)(`a wrong word about ${name} ${need.title}`, () => {
    test('ends the start with one sentence and exit code 2, or is waited for in words where it may pass', async () => {
      const [unused = 0] = await freePorts(1)
      const { final, passing } = await open(unused)
      const [ended, waited] = [await inTurn(final, runOf), await inTurn(passing, waitingOf)]
      expect(ended.map(({ what, code, sentences }) => [what, code, sentences])).toEqual(
        final.map(([what]) => [what, 2, 1]),
      )
      for (const [i, { what, stderr }] of ended.entries()) expect(stderr, what).toMatch(final[i]?.[2] ?? '')
      expect(waited.map(({ what, code }) => [what, code])).toEqual(passing.map(([what]) => [what, 0]))
      for (const { what, stderr, stdout } of [...ended, ...waited]) {
        for (const secret of secrets) expect(stderr + stdout, what).not.toContain(secret)
        expect(stderr, what).not.toMatch(/this is a bug|^\s+at .*[:(]\d+/m)
      }
    }, 600_000)
  })

async function inTurn<T>(rows: readonly Row[], ask: (row: Row) => Promise<T>): Promise<T[]> {
  const answers: T[] = []
  for (const row of rows) answers.push(await ask(row))
  return answers
}

/** Where nothing is said, everything is embedded and of its own. */
function startOf(env: Environment) {
  const folder = temporaryFolder()
  mkdirSync(folder, { recursive: true })
  const { yaml = '', ...rest } = env
  const file = join(folder, 'collector.yaml')
  writeFileSync(file, `${yaml}\n`)
  const data: Environment = {
    ...(yaml === '' ? { BAROGRAPH_LOG_URL: `sqlite:${join(folder, 'log.db')}` } : {}),
    BAROGRAPH_STORE_URL: `sqlite:${join(folder, 'store.db')}`,
    BAROGRAPH_SERVE_LISTEN: '127.0.0.1:0',
    ...('BAROGRAPH_MQTT_URL' in env ? {} : { BAROGRAPH_BROKER_LISTEN: '127.0.0.1:0' }),
  }
  return { args: [collectorProgram, 'run', '--config', file], env: { ...data, ...rest } }
}

async function runOf([what, env]: Row) {
  const { args, env: all } = startOf(env)
  const ended = await run(args, all)
  const sentences = ended.stderr.split('\n').filter((line) => line.startsWith('barograph-collector:')).length
  return { what, sentences, ...ended }
}

async function waitingOf([what, env, words]: Row) {
  const { args, env: all } = startOf(env)
  const collector = start(args, all)
  await eventually(
    `${what}: it waits, and says so`,
    () => {
      if (!collector.isRunning()) throw new Error(`it ended: ${collector.stderr()}`)
      return words.test(collector.stderr() + collector.stdout())
    },
    120_000,
  )
  return { what, ...(await collector.stop()) }
}
