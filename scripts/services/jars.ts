import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ServiceFailure } from './failure.ts'
import { requireProgram } from './programs.ts'

const run = promisify(execFile)

const fetchLimitMs = 5 * 60_000

/** What a Java engine is made of: a pom that names its jars, and perhaps a launcher of ours. */
export interface JavaParts {
  readonly name: string
  readonly pom: string
  readonly launcher?: string
}

/**
 * The class path of an engine. Its jars are fetched from Maven Central once per user and version, its launcher is compiled
 * beside them: another pom or launcher is another folder, so that nothing old is ever used.
 */
export async function classPathOf(parts: JavaParts, say: (words: string) => void): Promise<string> {
  const folder = dirname(await jarsOf(parts, say))
  return `${folder}:${join(folder, 'jars')}/*`
}

/** The folder of the jars. */
export async function jarsOf(parts: JavaParts, say: (words: string) => void): Promise<string> {
  const folder = folderOf(parts)
  if (!existsSync(folder)) await build(parts, folder, say)
  return join(folder, 'jars')
}

/** Half the CPU seconds to start, for less speed later: the compiler for code that runs for long stays off. */
export const quickStart = '-XX:TieredStopAtLevel=1'

/** Whether an engine's jars are here already, so that Maven is not needed. */
export const isBuilt = (parts: JavaParts): boolean => existsSync(folderOf(parts))

function folderOf({ name, pom, launcher }: JavaParts): string {
  const hash = createHash('sha256')
  for (const file of [pom, ...(launcher ? [launcher] : [])]) hash.update(readFileSync(file))
  return join(cacheFolder(), `${name}-${hash.digest('hex').slice(0, 12)}`)
}

const cacheFolder = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'barograph', 'services')

async function build({ name, pom, launcher }: JavaParts, folder: string, say: (words: string) => void) {
  const mvn = requireProgram('mvn', `fetching the jars of ${name}`)
  const javac = launcher ? requireProgram('javac', `the launcher of ${name}`) : null
  say(`Fetching the jars of ${name} from Maven Central (once) ...`)
  // Two that build at once each have a folder of their own; the first to finish wins.
  const draft = `${folder}-${randomUUID()}`
  try {
    mkdirSync(draft, { recursive: true })
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${join(draft, 'jars')}`]
    await run(mvn, ['-q', '-B', '-f', pom, ...copy], { timeout: fetchLimitMs })
    if (javac && launcher) await run(javac, ['-cp', `${join(draft, 'jars')}/*`, '-d', draft, launcher])
    moveUnlessThere(draft, folder)
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
    const words = `${stdout}${stderr}`.trim().split('\n').slice(0, 8).join('\n') || message
    throw new ServiceFailure(
      `${basename(mvn)} could not fetch the jars of ${name} that ${pom} names into ${dirname(folder)}:\n${words}\n` +
        'Try: check the way to Maven Central (repo.maven.apache.org, or the mirror in ~/.m2/settings.xml) and the free disk space.',
    )
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

function moveUnlessThere(draft: string, folder: string): void {
  try {
    renameSync(draft, folder)
  } catch (error) {
    if (!existsSync(folder)) throw error
  }
}
