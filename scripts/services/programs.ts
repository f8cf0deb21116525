import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ServiceFailure } from './failure.ts'

/** How to get each program that the engines and their tests need, as a test's title and an error say it. */
export const howToGet = {
  java: 'apt-get install default-jdk-headless',
  javac: 'apt-get install default-jdk-headless',
  mvn: 'apt-get install maven',
  mosquitto: 'apt-get install mosquitto',
  'docker-compose': 'apt-get install docker-compose',
  python3: 'apt-get install python3 python3-venv',
} as const

export type ProgramName = keyof typeof howToGet

/** Debian keeps servers where only root looks for programs. */
const folders = (): string[] => [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin']

/** The path of an installed program; null when there is none. */
export function findProgram(name: ProgramName): string | null {
  for (const folder of folders()) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return null
}

/** The path of a program; a failure that says how to get it when it is missing. */
export function requireProgram(name: ProgramName, forWhat: string): string {
  const path = findProgram(name)
  if (path === null)
    throw new ServiceFailure(`${name} is not installed; ${forWhat} needs it.\nTry: ${howToGet[name]}`)
  return path
}
