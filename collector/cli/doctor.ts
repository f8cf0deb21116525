import type { Command } from 'commander'
import { commonOptions, configOf, examplesOf } from './context.ts'
import { examine } from './examine.ts'
import { exitCodes } from './failure.ts'
import type { Finding } from './finding.ts'
import { writeLines } from './output.ts'

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('look at everything that the collector needs, and say what to do about what is not right')
    .addHelpText('after', examplesOf('doctor', 'doctor --config collector.yaml --json'))
    .action(async (_options: object, command: Command) => {
      const options = commonOptions(command)
      const findings = await examine(configOf(options))
      const lines = options.json ? findings.map((one) => JSON.stringify(one)) : findings.flatMap(linesOf)
      await writeLines(lines)
      if (findings.some(({ ok }) => !ok)) process.exitCode = exitCodes.failed
    })
}

function linesOf({ name, ok, detail, hint }: Finding): string[] {
  const line = `${ok ? 'ok    ' : 'NOT OK'}  ${name.padEnd(12)}  ${detail}`
  return hint ? [line, `        -> ${hint}`] : [line]
}
