import type { Command } from 'commander'
import { Option } from 'commander'
import { type AgentConfig, loadConfig } from '../config/load.ts'
import { sensorTypes } from '../sensors/index.ts'
import { createLog, type LogLevel, logLevels } from './log.ts'

/** What every command takes. */
export interface CommonOptions {
  readonly config: string
  readonly logLevel: LogLevel
  readonly json: boolean
  readonly set: readonly string[]
}

/** Adds the common options to a command. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration', process.env.BAROGRAPH_CONFIG ?? 'agent.yaml')
    .addOption(
      new Option('--set <key=value>', 'replaces one key, e.g. uplink.url=mqtt://10.0.0.5 (repeatable)')
        .argParser((pair: string, before: string[]) => [...before, pair])
        .default([], 'none'),
    )
    .addOption(new Option('--log-level <level>', 'how much is said').choices([...logLevels]).default('info'))
    .option('--json', 'output and log as JSON, for machines', false)
}

/** The configuration that the options name. Throws `bad-config` or `bad-secret`. */
export function configOf(options: CommonOptions): AgentConfig {
  return loadConfig({
    file: options.config,
    sensorTypes,
    environment: process.env,
    set: options.set,
  })
}

/** A log as the options want it. */
export const logOf = (options: CommonOptions) => createLog({ level: options.logLevel, json: options.json })
