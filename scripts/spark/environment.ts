import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ServiceFailure } from '../services/failure.ts'
import { isBuilt, type JavaParts, jarsOf } from '../services/jars.ts'
import { findProgram, requireProgram } from '../services/programs.ts'

const run = promisify(execFile)

/** The job's own files. */
export const sparkFolder: string = join(import.meta.dirname, '../../collector/spark')

const requirements = join(sparkFolder, 'requirements.txt')
const sparkJars: JavaParts = { name: 'spark', pom: join(sparkFolder, 'jars/pom.xml') }

const oldestPython = 11
const newestPython = 13
const oldestJava = 17
/** pyspark alone is 430 MB. */
const fetchLimitMs = 20 * 60_000

/** What the job runs with, on this machine. */
export interface SparkEnvironment {
  readonly python: string
  readonly jars: readonly string[]
}

/** Makes it ready: once per user and version, in ~/.cache. Throws what is missing, and how to get it. */
export async function sparkEnvironment(say: (words: string) => void): Promise<SparkEnvironment> {
  await requireJava()
  const base = await requirePython()
  const folder = venvFolder(base.version)
  if (!existsSync(folder)) await buildVenv(base.path, folder, say)
  const jars = await jarsOf(sparkJars, say)
  const files = readdirSync(jars).filter((file) => file.endsWith('.jar'))
  return { python: join(folder, 'bin/python'), jars: files.map((file) => join(jars, file)) }
}

/** Whether it can be made ready, or is. */
export const canRunSpark: boolean =
  findProgram('java') !== null &&
  findProgram('python3') !== null &&
  (findProgram('mvn') !== null || isBuilt(sparkJars))

async function requireJava(): Promise<void> {
  const java = requireProgram('java', 'Spark')
  const { stdout, stderr } = await run(java, ['-version'])
  const [, version = ''] = /version "(\d+)/.exec(stderr + stdout) ?? []
  if (Number(version) < oldestJava)
    throw new ServiceFailure(
      `Java ${version} is too old; Spark needs ${oldestJava} or newer.\nTry: apt-get install openjdk-17-jre-headless`,
    )
}

async function requirePython(): Promise<{ readonly path: string; readonly version: string }> {
  const path = requireProgram('python3', 'the Spark job')
  const ask = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])'
  try {
    const { stdout } = await run(path, ['-c', ask])
    const version = stdout.trim()
    const minor = Number(version.split('.')[1])
    if (minor < oldestPython || minor > newestPython)
      throw new ServiceFailure(
        `python3 is ${version}; the Spark job needs 3.${oldestPython} to 3.${newestPython}.\nTry: put one first in PATH`,
      )
    return { path, version }
  } catch (error) {
    if (error instanceof ServiceFailure) throw error
    throw new ServiceFailure(
      `${path} has no module venv or ensurepip; the Spark job lives in an environment of its own.\n` +
        'Try: apt-get install python3-venv',
    )
  }
}

/** Other requirements or another Python are another folder, so that nothing old is ever used. */
function venvFolder(version: string): string {
  const hash = createHash('sha256').update(readFileSync(requirements)).update(version)
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'barograph', 'spark')
  return join(cache, `venv-${hash.digest('hex').slice(0, 12)}`)
}

async function buildVenv(python: string, folder: string, say: (words: string) => void): Promise<void> {
  say(`Fetching Spark and what it needs from PyPI (once, 500 MB; some minutes) ...`)
  // Two that build at once each have a folder of their own; the first to finish wins.
  const draft = `${folder}-${randomUUID()}`
  try {
    mkdirSync(dirname(folder), { recursive: true })
    await run(python, ['-m', 'venv', draft])
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
    await run(join(draft, 'bin/python'), install, { timeout: fetchLimitMs, maxBuffer: 64 * 1024 * 1024 })
    try {
      renameSync(draft, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    const words = `${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n') || message
    throw new ServiceFailure(
      `The Python packages of ${requirements} could not be installed into ${dirname(folder)}:\n${words}\n` +
        'Try: check the way to PyPI (pip config list) and the free disk space.',
    )
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}
