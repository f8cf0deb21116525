import { CodedError } from '@barograph/proto'
import { Command, Option } from 'commander'
import { addSimulateCommand } from '../fleet/command.ts'
import { printBuffer, writeExport } from './buffer.ts'
import { describeConfig } from './check.ts'
import { commandFirst } from './command-first.ts'
import { examine } from './doctor.ts'
import { addExamples } from './examples.ts'
import { exitCodes, reportFailure } from './failure.ts'
import { readOnce } from './once.ts'
import { type CommonOptions, configOf, logOf, withCommonOptions } from './options.ts'
import { runAgent } from './run.ts'
import { agentVersion } from './version.ts'

const examples = `
Examples:
  barograph-agent check                         is agent.yaml right, and what does it mean?
  barograph-agent once                          what do the sensors say now?
  barograph-agent run --config greenhouse.yaml  sample, buffer and send until Ctrl-C
  barograph-agent doctor                        what is wrong with this machine?
  barograph-agent buffer export --format csv    what was not delivered yet
  barograph-agent simulate --devices 8 --rate 4.0

Every scalar key is also an environment variable: uplink.url is BAROGRAPH_UPLINK_URL. Flags win over the
environment, the environment wins over the file.
Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.`

/** Runs one command line; resolves to the exit code, after saying on standard error what failed. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const asked = { debug: isDebug(args), json: args.includes('--json') }
  const crash = (error: unknown): void => process.exit(reportFailure(error, asked))
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  // Whoever reads our output may have seen enough (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done)
    crash(error)
  })
  let exitCode: number = exitCodes.done
  const program = makeProgram((ok) => {
    if (!ok) exitCode = exitCodes.failed
  })
  try {
    await program.parseAsync([...commandFirst(args)], { from: 'user' })
    return exitCode
  } catch (error) {
    return reportFailure(error, asked)
  }
}

const isDebug = (args: readonly string[]): boolean =>
  args.includes('--log-level=debug') || args[args.indexOf('--log-level') + 1] === 'debug'

function makeProgram(finish: (ok: boolean) => void): Command {
  const program = new Command('barograph-agent')
    .description('Reads sensors, keeps what they say in a buffer on disk, and delivers it to a collector.')
    .version(agentVersion, '-V, --version')
    .addHelpText('after', examples)
    .showHelpAfterError('--help shows what there is.')
    .exitOverride()
    .configureOutput({
      writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'barograph-agent: ')),
    })
  const command = (parent: Command, name: string, description: string): Command =>
    withCommonOptions(parent.command(name).description(description)).exitOverride()

  command(program, 'run', 'samples, buffers and sends until it is told to stop').action(
    (options: CommonOptions) => runAgent(configOf(options), logOf(options)),
  )
  command(program, 'check', 'validates the configuration and prints it resolved, secrets hidden').action(
    (options: CommonOptions) => console.log(describeConfig(configOf(options), options)),
  )
  command(program, 'once', 'reads every sensor once and prints a table').action(
    async (options: CommonOptions) => finish(await readOnce(configOf(options), options)),
  )
  command(program, 'doctor', 'looks at clock, disk, broker, credentials and sensors').action(
    async (options: CommonOptions) => finish(await examine(configOf(options), options)),
  )
  addBufferCommands(
    program.command('buffer').description('shows what was not delivered yet').exitOverride(),
    command,
  )
  addSimulateCommand(program)
  program
    .command('version')
    .description('prints the version')
    .option('--json', 'for machines')
    .action(({ json }: { json?: boolean }) =>
      console.log(json ? JSON.stringify({ name: 'barograph-agent', version: agentVersion }) : agentVersion),
    )
  addExamples(program)
  return program
}

function addBufferCommands(
  buffer: Command,
  command: (parent: Command, name: string, description: string) => Command,
): void {
  const pathOf = (options: CommonOptions & { path?: string }): string =>
    options.path ?? configOf(options).buffer.path
  command(buffer, 'status', 'how many rows wait, of which sensors')
    .option('--path <file>', 'the buffer itself, without a configuration')
    .action((options: CommonOptions & { path?: string }) => printBuffer(pathOf(options), options))
  command(buffer, 'export', 'prints every row that waits, decoded')
    .option('--path <file>', 'the buffer itself, without a configuration')
    .addOption(new Option('--format <format>', 'of the rows').choices(['csv', 'jsonl']).default('csv'))
    .option('--out <file>', 'writes to a file')
    .action((options: CommonOptions & { path?: string; format: 'csv' | 'jsonl'; out?: string }) =>
      writeExport(pathOf(options), { format: options.format, out: options.out }),
    )
  buffer.action(() => {
    throw new CodedError('usage', 'buffer alone does nothing', {
      hint: 'allowed: status, export',
    })
  })
}
