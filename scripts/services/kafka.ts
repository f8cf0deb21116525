import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Plan, runService, type Service } from './engine.ts'
import { ServiceFailure } from './failure.ts'
import { classPathOf, type JavaParts, quickStart } from './jars.ts'
import { type KafkaAccess, kafkaProperties, scramArguments } from './kafka-properties.ts'
import { anyFreePort } from './ports.ts'
import { requireProgram } from './programs.ts'
import { isKafkaReady } from './ready.ts'

const run = promisify(execFile)

const sources = join(import.meta.dirname, 'kafka')

/** Apache Kafka, one broker that is its own controller. */
export const kafkaParts: JavaParts = { name: 'kafka', pom: join(sources, 'pom.xml') }

export interface KafkaOptions extends KafkaAccess {
  /** For data and log; used again, it holds the same topics. */
  readonly folder: string
  /** Default: a free one. */
  readonly port?: number
  /** Settings of the broker beside or instead of ours. */
  readonly properties?: Readonly<Record<string, string>>
  /** Takes longer to start, as is right where speed is measured. Default: false. */
  readonly fast?: boolean
}

/** Makes jars, configuration and data folder ready. */
export async function planKafka(options: KafkaOptions, say: (words: string) => void): Promise<Plan> {
  const { folder, tls, users } = options
  const java = requireProgram('java', 'kafka')
  const classPath = await classPathOf(kafkaParts, say)
  const port = options.port ?? (await anyFreePort())
  // Where clients have to prove themselves, our own question whether it is ready comes in by a door of its own.
  const innerPort = tls || users ? await anyFreePort() : port
  const controllerPort = await anyFreePort()
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'server.properties')
  const properties = {
    ...kafkaProperties({ folder, tls, users, port, innerPort, controllerPort }),
    ...options.properties,
  }
  writeFileSync(file, propertiesText(properties), { mode: 0o600 })
  const base = [`-Dlog4j2.configurationFile=${join(sources, 'log4j2.properties')}`, '-cp', classPath]
  if (!existsSync(join(folder, 'data', 'meta.properties')))
    await format(java, [
      quickStart,
      ...base,
      'kafka.tools.StorageTool',
      'format',
      '-c',
      file,
      ...scramArguments(users),
    ])
  return {
    name: 'kafka',
    folder,
    url: `kafka://127.0.0.1:${port}`,
    port,
    command: java,
    args: [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      ...(options.fast ? [] : [quickStart]),
      ...base,
      'kafka.Kafka',
      file,
    ],
    isReady: () => isKafkaReady(innerPort),
  }
}

/** A real Kafka broker on the loopback interface; resolves when it is ready. */
export const startKafka = async (options: KafkaOptions): Promise<Service> =>
  runService(await planKafka(options, () => undefined))

function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('')
}

async function format(java: string, args: readonly string[]): Promise<void> {
  // 16 bytes in the alphabet of URLs; never with a dash in front, which would read as an option.
  const clusterId = `B${randomBytes(16).toString('base64url').slice(1, 22)}`
  try {
    await run(java, [...args, '-t', clusterId])
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new ServiceFailure(`kafka could not prepare its folder:\n${stdout}${stderr}`)
  }
}
