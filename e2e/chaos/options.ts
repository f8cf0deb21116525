import { parseArgs } from 'node:util'
import { type FaultName, faultNames, faults } from '../faults.ts'
import { faultsOn, type Stack, stacks } from './faults/index.ts'

export interface Asked {
  readonly minutes: number
  readonly seed: number
  readonly stack: Stack
  readonly devices: number
  readonly only: readonly FaultName[] | null
  readonly keep: boolean
}

/** What was typed cannot be done; the message says what can. */
export class WrongUsage extends Error {}

const namesOn = (stack: Stack): readonly FaultName[] => {
  const names = new Set(faultsOn(stack).map(({ name }) => name))
  return faultNames.filter((name) => names.has(name))
}

const linesOf = (names: readonly FaultName[]): string =>
  names.map((name) => `  ${name.padEnd(26)} ${faults[name]}`).join('\n')

const [onFiles, onEngines] = [new Set(namesOn('embedded')), new Set(namesOn('services'))]

export const help = `npm run chaos: real agents and a real collector under real faults, and a ledger that knows what was sent

  npm run chaos -- --minutes 10 --seed 7
  npm run chaos -- --minutes 2 --only agent-killed,network-cut
  npm run chaos -- --minutes 10 --seed 7 --stack services --devices 4

Options:
  --minutes N      how long faults are caused (10); it then waits until everything has arrived
  --seed N         another one causes other faults at other times (a fresh one, which is printed)
  --stack WHAT     embedded: the parts that come along (the default)
                   services: a real Mosquitto, a real Kafka, and a server in the place of MongoDB
  --devices N      in each rig, 1 to 20 (3)
  --only A,B       these faults alone
  --keep           leaves the files behind; it does so anyway when something was wrong

On "embedded" two rigs run beside each other: "whole", a collector in one program, and "split", with an outside broker,
and bridge, two rolls and the page as programs of their own on one log and one store. On "services" there is one: two
collectors, one of them in one program, the other as a bridge and a roll. At the end comes a table. Exit code 1: a
reading was doubled or silently lost, a window is wrong, or the audit fails. Ctrl-C stops everything.

Faults on both:
${linesOf(namesOn('embedded').filter((name) => onEngines.has(name)))}

On embedded alone:
${linesOf(namesOn('embedded').filter((name) => !onEngines.has(name)))}

On services alone:
${linesOf(namesOn('services').filter((name) => !onFiles.has(name)))}`

/** Null: only the help was asked for. */
export function readOptions(args: readonly string[], freshSeed: () => number): Asked | null {
  const values = parse(args)
  if (values.help) return null
  const stack = stackOf(values.stack)
  return {
    stack,
    minutes: numberOf('--minutes', values.minutes, 0.05, 10_000),
    seed: values.seed === undefined ? freshSeed() : wholeOf('--seed', values.seed, 0, 2 ** 31),
    devices: wholeOf('--devices', values.devices, 1, 20),
    only:
      values.only === undefined ? null : values.only.split(',').map((word) => faultOf(stack, word.trim())),
    keep: values.keep,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string' },
        stack: { type: 'string', default: 'embedded' },
        devices: { type: 'string', default: '3' },
        only: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    throw new WrongUsage(error instanceof Error ? error.message : String(error))
  }
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least && value <= most))
    throw new WrongUsage(`${name} ${text}: a number from ${least} to ${most}`)
  return value
}

function wholeOf(name: string, text: string, least: number, most: number): number {
  const value = numberOf(name, text, least, most)
  if (!Number.isInteger(value)) throw new WrongUsage(`${name} ${text}: a whole number`)
  return value
}

function stackOf(word: string): Stack {
  if (word in stacks) return word as Stack
  throw new WrongUsage(`--stack ${word}: ${Object.keys(stacks).join(' or ')}`)
}

function faultOf(stack: Stack, word: string): FaultName {
  const name = faultNames.find((one) => one === word)
  const names = namesOn(stack)
  if (name && names.includes(name)) return name
  const known = names.join(', ')
  throw new WrongUsage(
    name ? `--only ${word}: not on ${stack}; there: ${known}` : `--only ${word}: there are ${known}`,
  )
}
