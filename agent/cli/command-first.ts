import { CodedError } from '@barograph/proto'

const withValue: readonly string[] = ['-c', '--config', '--set', '--log-level']
const alone: readonly string[] = ['--json']

/**
 * The common options belong to commands; whoever names them first, as in `--config X run`, means the same. Throws `usage`
 * when no command follows.
 */
export function commandFirst(args: readonly string[]): readonly string[] {
  let at = 0
  for (let arg = args[0]; arg !== undefined; arg = args[at]) {
    if (withValue.includes(arg)) at += 2
    else if (alone.includes(arg) || withValue.some((name) => arg.startsWith(`${name}=`))) at += 1
    else break
  }
  const word = args[at]
  if (at === 0 || word?.startsWith('-')) return args
  if (word === undefined)
    throw new CodedError('usage', `${args.join(' ')}: no command is named`, {
      hint: 'such as run, check, once or doctor, before or after it; --help shows all',
    })
  return [...args.slice(at), ...args.slice(0, at)]
}
