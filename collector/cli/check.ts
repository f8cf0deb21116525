import type { Command } from 'commander'
import { commonOptions, configOf, examplesOf } from './context.ts'

export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .description('check the configuration and print it as it is understood')
    .addHelpText('after', examplesOf('check', 'check --config collector.yaml'))
    .action((_options: object, command: Command) => {
      process.stdout.write(`${JSON.stringify(configOf(commonOptions(command)), null, 2)}\n`)
    })
}
