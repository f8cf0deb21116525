// `npm run spark`: the Spark job on this machine, with everything that it needs.
import { spawn } from 'node:child_process'
import { ServiceFailure } from '../services/failure.ts'
import { sparkEnvironment } from './environment.ts'
import { help, readCommand, type SparkOptions, WrongUsage } from './options.ts'
import { planOf } from './plan.ts'
import { submitWords } from './submit.ts'

const say = (words: string): void => console.error(words)

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2))
  if (command.verb === 'help') console.log(help)
  else if (command.verb === 'submit') console.log(submitWords())
  else if (command.verb === 'setup') await sparkEnvironment(say)
  else await runJob(command.options)
}

async function runJob(options: SparkOptions): Promise<void> {
  const { command, args, env, cwd } = planOf(await sparkEnvironment(say), options)
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => child.kill('SIGTERM'))
  child.once('error', fail)
  child.once('exit', (code) => {
    process.exitCode = code ?? 1
  })
}

function fail(error: unknown): void {
  process.exitCode = error instanceof WrongUsage ? 2 : 1
  if (error instanceof WrongUsage) say(`${error.message}\nTry: npm run spark -- --help`)
  else if (error instanceof ServiceFailure) say(error.message)
  else throw error
}

main().catch(fail)
