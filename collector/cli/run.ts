import { CodedError } from '@barograph/proto'
import { suggest } from '@barograph/proto/config'
import type { Command } from 'commander'
import { type Config, withoutPassword } from '../config/index.ts'
import { partitionsIn } from '../config/kafka.ts'
import { type RoleName, roleNames } from '../roles/messages.ts'
import { startRoles, stopLimits } from '../roles/supervisor.ts'
import { commonOptions, configOf, examplesOf, partitionsOf, version } from './context.ts'
import { exitCodeOf, failureWords, placed } from './failure.ts'
import { createLogger } from './logger.ts'

export function addRunCommand(program: Command): void {
  program
    .command('run')
    .description('take readings from devices, store them, serve the page')
    .addHelpText(
      'after',
      examplesOf('run', 'run --config collector.yaml', 'run --roles bridge,roll', 'run --partitions 0,2'),
    )
    .option('--roles <list>', `which parts run: ${roleNames.join(',')} (default: all)`)
    .option('--partitions <list>', 'fold only these, as in 0,2 (default: all, or a share of a log in Kafka)')
    .action(async (options: { roles?: string; partitions?: string }, command: Command) => {
      await run(options, command)
    })
}

async function run(
  { roles: rolesText, partitions: partitionsText }: { roles?: string; partitions?: string },
  command: Command,
): Promise<void> {
  const options = commonOptions(command)
  const config = configOf(options)
  const roles = rolesOf(rolesText, config)
  const partitions =
    partitionsText === undefined ? null : partitionsOf(partitionsText, partitionsIn(config.log))
  if (partitions && !roles.includes('roll'))
    throw new CodedError('bad-usage', '--partitions is about the roll, which does not run.', {
      hint: 'Add roll to --roles, or leave out --partitions.',
    })
  const logger = createLogger({ level: options.logLevel, json: options.json })
  const supervisor = startRoles({
    config,
    roles,
    partitions,
    version,
    log: (thread, level, fields, message) => logger[level]({ thread, ...fields }, message),
  })
  let isStopping = false

  async function stop(signal: string): Promise<void> {
    if (isStopping) return
    isStopping = true
    logger.info(`stopping (${signal})`)
    await supervisor.stop()
    logger.info('stopped')
  }
  process.once('SIGINT', () => void stop('SIGINT'))
  process.once('SIGTERM', () => void stop('SIGTERM'))

  try {
    // One clear message when it cannot start, so nothing is said before it did.
    const addresses = await Promise.race([supervisor.ready, supervisor.ended])
    const [log, store] = [config.log.url, config.store.url].map(withoutPassword)
    const fields = { roles, log, store }
    if (addresses) logger.info({ ...fields, ...addresses }, `barograph-collector ${version} is ready`)
    await supervisor.ended
  } catch (error) {
    process.stderr.write(`${failureWords(placed(error, config))}\n`)
    process.exitCode = exitCodeOf(error)
    // The others end in good order, unless they hang too.
    setTimeout(() => process.exit(), 2 * stopLimits.startingMs).unref()
    await supervisor.stop()
    process.exit()
  }
}

/** The roles asked for, or all that this configuration has. */
export function rolesOf(text: string | undefined, config: Pick<Config, 'broker' | 'mqtt'>): RoleName[] {
  if (text === undefined) return roleNames.filter((role) => role !== 'broker' || config.broker !== null)
  const roles = text.split(',').map((word) => roleOf(word.trim()))
  const refuse = (message: string, hint: string): never => {
    throw new CodedError('bad-usage', `--roles ${text}: ${message}`, { hint })
  }
  if (roles.includes('broker') && !config.broker)
    refuse(
      'the embedded broker is off, as mqtt.url names an outside one.',
      'Leave out broker, or remove mqtt.url.',
    )
  if (roles.includes('broker') && !roles.includes('bridge'))
    refuse('the broker acknowledges what the bridge has logged, so it needs the bridge.', 'broker,bridge')
  if (roles.includes('bridge') && !roles.includes('broker') && !config.mqtt)
    refuse('the bridge has no broker.', 'Add broker, or name an outside one in mqtt.url.')
  if (roles.includes('roll') && !roles.includes('bridge') && !config.mqtt)
    refuse(
      'receipts of the roll reach devices through the bridge or an outside broker.',
      'Add bridge, or name an outside broker in mqtt.url.',
    )
  return roleNames.filter((role) => roles.includes(role))
}

function roleOf(word: string): RoleName {
  const role = roleNames.find((name) => name === word)
  if (role) return role
  const near = suggest(word, roleNames)
  throw new CodedError(
    'bad-usage',
    `--roles: "${word}" is no role${near ? `; did you mean "${near}"?` : '.'}`,
    {
      hint: `Allowed: ${roleNames.join(', ')}, with commas between`,
    },
  )
}
