import { readFileSync } from 'node:fs'
import { CodedError } from '@barograph/proto'
import { suggest } from '@barograph/proto/config'
import type { Command } from 'commander'
import { type Config, readConfig } from '../config/index.ts'
import { type LogLevelName, logLevels } from './logger.ts'

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string
  readonly logLevel: LogLevelName
  readonly json: boolean
}

export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

/** The options before and after the command's name, together. */
export function commonOptions(command: Command): CommonOptions {
  const { config, logLevel, json } = command.optsWithGlobals<Partial<CommonOptions>>()
  if (logLevel !== undefined && !logLevels.includes(logLevel))
    throw new CodedError('bad-usage', `--log-level ${String(logLevel)} is not known.`, {
      hint: `Allowed: ${logLevels.join(', ')}`,
    })
  return { ...(config === undefined ? {} : { config }), logLevel: logLevel ?? 'info', json: json ?? false }
}

/** The configuration that a command runs with. */
export function configOf({ config }: CommonOptions): Config {
  return readConfig({ file: config, env: process.env, folder: process.cwd() })
}

/** A whole number given on the command line. */
export function numberOption(name: string, text: string, from: number, to: number): number {
  const number = Number(text)
  if (text.trim() !== '' && Number.isInteger(number) && number >= from && number <= to) return number
  throw new CodedError('bad-usage', `${name} ${text} is not allowed.`, {
    hint: `Allowed: a whole number from ${from} to ${to}`,
  })
}

/** One of these words, given on the command line. */
export function wordOption<T extends string>(name: string, word: string, words: readonly T[]): T {
  const found = words.find((one) => one === word)
  if (found !== undefined) return found
  const near = suggest(word, words)
  throw new CodedError('bad-usage', `${name} ${word} is not known${near ? `; did you mean ${near}?` : '.'}`, {
    hint: `Allowed: ${words.join(', ')}`,
  })
}

/** `--partitions 0,2`, each once. */
export function partitionsOf(list: string, count: number): number[] {
  return [...new Set(list.split(',').map((word) => numberOption('--partitions', word, 0, count - 1)))]
}

/** What --help ends with. */
export function examplesOf(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  barograph-collector ${line}`).join('\n')}`
}
