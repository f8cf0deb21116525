import pino from 'pino'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevelName = (typeof logLevels)[number]

/** Says what an operator should know, on standard error: lines for people, or JSON for programs. */
export function createLogger({ level, json }: { level: LogLevelName; json: boolean }): pino.Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
  if (json) return pino(options, pino.destination({ dest: 2, sync: true }))
  return pino(options, { write: (line: string) => void process.stderr.write(`${lineOf(line)}\n`) })
}

interface Line {
  readonly time: string
  readonly level: string
  readonly thread?: string
  readonly msg: string
}

/** `2026-01-02T03:04:05.678Z warn  serve: words {"port":8013}` */
function lineOf(json: string): string {
  const { time, level, thread, msg, ...rest } = JSON.parse(json) as Line
  const where = thread === undefined ? '' : `${thread}: `
  const fields = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : ''
  return `${time} ${level.padEnd(5)} ${where}${msg}${fields}`
}
