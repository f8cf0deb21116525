import { CommanderError } from 'commander'
import { isCoded } from '@barograph/proto'

/** What the caller did wrong, as against what the world did. */
const usageCodes = new Set(['bad-config', 'bad-secret', 'buffer-newer', 'usage'])

/** Exit codes of every command: done, failed, wrong usage or configuration, a bug of ours. */
export const exitCodes = { done: 0, failed: 1, usage: 2, bug: 70 } as const

/** Says on standard error what went wrong and what to try; returns the exit code. */
export function reportFailure(error: unknown, { debug, json }: { debug: boolean; json: boolean }): number {
  // Commander has said its part already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  if (isCoded(error)) {
    const { code, message, hint } = error
    if (json) console.error(JSON.stringify({ error: code, message, hint }))
    else console.error(`barograph-agent: ${message}${hint ? `\n  ${hint}` : ''}`)
    return usageCodes.has(code) ? exitCodes.usage : exitCodes.failed
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  console.error(`barograph-agent: this is a bug, please report it: ${text.split('\n')[0]}`)
  if (debug && error instanceof Error) console.error(error.stack)
  else console.error('  --log-level debug shows where')
  return exitCodes.bug
}
