import { existsSync } from 'node:fs'
import { canMountSmallDisk } from '../collector/testing-disk.ts'
import { isBuilt } from '../scripts/services/jars.ts'
import { kafkaParts } from '../scripts/services/kafka.ts'
import { mongoParts, realMongoUrl } from '../scripts/services/mongo.ts'
import { findProgram } from '../scripts/services/programs.ts'
import { canRunSpark } from '../scripts/spark/environment.ts'
import type { StackKind } from './harness/stack.ts'

/** What some suites need of the machine, and how to get it. A test that lacks it says so in its title. */
export interface Need {
  readonly isMet: boolean
  /** For the title of a test or group: `[needs NAME: how to get it]`. */
  readonly title: string
}

const need = (name: string, isMet: boolean, how: string): Need => ({
  isMet,
  title: `[needs ${name}: ${how}]`,
})

/** Debian's Chromium, or the one that CHROMIUM names. */
export const chromiumPath: string = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const needsChromium: Need = need(
  'chromium',
  existsSync(chromiumPath),
  'apt-get install chromium, or name one in CHROMIUM',
)

const canMount = process.platform === 'linux' && canMountSmallDisk()

/** A small disk that fills up. */
export const needsSmallDisk: Need = need(
  'small-disk',
  canMount,
  'run on Linux as root that may mount a tmpfs',
)

/** A folder that cannot be written. */
export const needsShutFolder: Need = need(
  'shut-folder',
  canMount || process.getuid?.() !== 0,
  'run as anyone but root, or as root that may mount a tmpfs',
)

const hasJava = findProgram('java') !== null
const canFetchJars = hasJava && findProgram('mvn') !== null

/** A real Kafka broker. */
export const needsKafka: Need = need(
  'kafka',
  canFetchJars || (hasJava && isBuilt(kafkaParts)),
  'apt-get install default-jdk-headless maven',
)

/** A real Mosquitto. */
export const needsMosquitto: Need = need(
  'mosquitto',
  findProgram('mosquitto') !== null,
  'apt-get install mosquitto',
)

const canStandIn = (canFetchJars && findProgram('javac') !== null) || (hasJava && isBuilt(mongoParts))

/** A server that speaks MongoDB's protocol: the one that BAROGRAPH_TEST_MONGODB_URL names, or a stand-in of ours. */
export const needsMongodb: Need = need(
  'mongodb',
  realMongoUrl !== null || canStandIn,
  'apt-get install default-jdk-headless maven, or name a server in BAROGRAPH_TEST_MONGODB_URL',
)

/** MongoDB itself: the stand-in neither plans by indexes nor asks who comes. */
export const needsRealMongodb: Need = need(
  'mongodb-real',
  realMongoUrl !== null,
  'name a server in BAROGRAPH_TEST_MONGODB_URL, and a user that may make users',
)

/** One that a test may kill. */
export const needsMongodbToKill: Need = need(
  'mongodb',
  canStandIn,
  'apt-get install default-jdk-headless maven',
)

/** What collectors run on in the tests that run on any stack (`npm test -- --stack services`). */
export const chosenStack: StackKind = stackOf(process.env.BAROGRAPH_TEST_STACK || 'embedded')

function stackOf(word: string): StackKind {
  if (word === 'embedded' || word === 'services') return word
  throw new Error(`BAROGRAPH_TEST_STACK: "${word}" is no stack: embedded or services`)
}

const engines = [needsMosquitto, needsKafka, needsMongodb]

/** All engines of the services stack. */
export const needsServices: Need = {
  isMet: engines.every(({ isMet }) => isMet),
  title: engines.map(({ title }) => title).join(' '),
}

/** What the chosen stack needs, for the end of a title; nothing where it is the embedded one. */
export const needsStack: Need =
  chosenStack === 'services'
    ? { ...needsServices, title: ` ${needsServices.title}` }
    : { isMet: true, title: '' }

/** Spark, with Python packages from PyPI and jars from Maven Central. */
export const needsSpark: Need = need(
  'spark',
  canRunSpark,
  'apt-get install default-jdk-headless maven python3-venv',
)

/** Docker's program for compose files; no daemon is needed to check one. */
export const needsDockerCompose: Need = need(
  'docker-compose',
  findProgram('docker-compose') !== null,
  'apt-get install docker-compose',
)
