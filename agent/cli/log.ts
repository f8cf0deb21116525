import { type DestinationStream, type Logger, pino } from 'pino'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** The log on standard error: a line for people, or JSON for machines. Every line is written before the call returns. */
export function createLog({ level, json }: { level: LogLevel; json: boolean }): Logger {
  const stderr = pino.destination({ fd: 2, sync: true })
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return json ? pino(options, stderr) : pino(options, readable(stderr))
}

function readable(out: DestinationStream): DestinationStream {
  return { write: (line) => out.write(`${formatLine(line)}\n`) }
}

const names: Record<number, string> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }

/** `12:00:01 warn attic: no answer (code=timeout)` from a line of pino. */
export function formatLine(line: string): string {
  const { level, time, msg, sensor, err, ...rest } = JSON.parse(line) as Record<string, unknown>
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const stack = typeof err === 'object' && err !== null && 'stack' in err ? `\n${String(err.stack)}` : ''
  const of = typeof sensor === 'string' ? `${sensor}: ` : ''
  const clock = String(time).slice(11, 19)
  return `${clock} ${names[Number(level)] ?? 'log'} ${of}${String(msg)}${fields.length > 0 ? ` (${fields.join(', ')})` : ''}${stack}`
}
