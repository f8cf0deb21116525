import { Command, CommanderError } from 'commander'
import { addAuditCommand } from '../audit/command.ts'
import { addCheckCommand } from './check.ts'
import { commonOptions, examplesOf, version } from './context.ts'
import { exitCodeOf, exitCodes, failureWords } from './failure.ts'
import { addCopyCommand } from './copy.ts'
import { addDeadLettersCommand } from './dead-letters.ts'
import { addDevicesCommand } from './devices/command.ts'
import { addDoctorCommand } from './doctor.ts'
import { addExportCommand } from './export.ts'
import { addGapsCommand } from './gaps.ts'
import { addPlotCommand } from './plot.ts'
import { addRebuildCommand } from './rebuild.ts'
import { addReleaseCommand } from './release.ts'
import { addRunCommand } from './run.ts'
import { addSitesCommand } from './sites.ts'
import { addStatsCommand } from './stats.ts'
import { addTailCommand } from './tail.ts'
import { addTokensCommand } from './tokens.ts'

const examples = `
Examples:
  barograph-collector run                                   broker, log, store and page on this machine
  barograph-collector run --config collector.yaml
  barograph-collector check --config collector.yaml
  barograph-collector doctor
  barograph-collector tail --device balcony
  barograph-collector dead-letters list
  barograph-collector gaps --device balcony
  barograph-collector audit
  barograph-collector devices add balcony --latitude 40.69 --longitude -74.17
  barograph-collector rebuild --device balcony
  barograph-collector release --list
  barograph-collector stats --out stats
  barograph-collector plot --of daily-max --level month --out maxima.svg
  barograph-collector export --device home --out readings.parquet
  barograph-collector tokens add viewer
  barograph-collector copy --from sqlite:data/store.db --to mongodb://127.0.0.1:27017/barograph

Configuration: a YAML file, and BAROGRAPH_SECTION_KEY in the environment (BAROGRAPH_SERVE_LISTEN=127.0.0.1:9000).
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.`

/** barograph-collector with all its commands. */
function createProgram(): Command {
  const program = new Command('barograph-collector')
    .description(
      'Takes readings from devices over MQTT, stores each exactly once, rolls them up and shows them.',
    )
    .option('--config <file>', 'configuration (default: collector.yaml here, if there is one)')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .option('--json', 'output for programs')
    .version(version)
    .addHelpText('after', examples)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('--help shows what there is.')
    .configureOutput({
      writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'barograph-collector: ')),
    })
  program
    .command('version')
    .description('print the version')
    .addHelpText('after', examplesOf('version'))
    .action((_options: object, command: Command) => {
      const { json } = commonOptions(command)
      process.stdout.write(`${json ? JSON.stringify({ name: 'barograph-collector', version }) : version}\n`)
    })
  addRunCommand(program)
  addCheckCommand(program)
  addDoctorCommand(program)
  addTailCommand(program)
  addCopyCommand(program)
  addDeadLettersCommand(program)
  addExportCommand(program)
  addGapsCommand(program)
  addAuditCommand(program)
  addDevicesCommand(program)
  addRebuildCommand(program)
  addReleaseCommand(program)
  addPlotCommand(program)
  addSitesCommand(program)
  addStatsCommand(program)
  addTokensCommand(program)
  inherit(program)
  return program
}

/** Every command fails and explains itself as the program does. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent)
    inherit(command)
  }
}

/** Runs one command line; sets the exit code. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv])
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has said it already; --help and --version come here too, and are no failure.
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
      return
    }
    process.stderr.write(`${failureWords(error)}\n`)
    process.exitCode = exitCodeOf(error)
  }
}
