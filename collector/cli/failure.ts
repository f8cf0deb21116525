import { CodedError, isCoded } from '@barograph/proto'
import type { Config, UsedKey } from '../config/index.ts'
import { ThreadFailure } from '../roles/thread-error.ts'

/** Exit codes of every command: done, failed, wrong usage or configuration, a bug of ours. */
export const exitCodes = { done: 0, failed: 1, usage: 2, bug: 70 } as const

/** Failures that another configuration or command line mends: exit code 2. */
const usageCodes = new Set([
  'bad-config',
  'bad-usage',
  'bad-url',
  'bad-statistics',
  'bad-plot',
  'bad-export',
  'unknown-device',
  'unknown-sensor',
  'unknown-metric',
  'mqtt-refused',
  'mqtt-tls',
  'mqtt-unknown-host',
  'port-in-use',
  'port-forbidden',
  'address-unavailable',
  'not-loopback',
  'bad-certificate',
  'registry-unusable',
  'registry-foreign',
  'copy-places',
  'copy-target-used',
  'log-unusable',
  'log-foreign',
  'log-newer',
  'log-half-copied',
  'log-partitions',
  'log-topic',
  'log-login',
  'log-tls',
  'log-forbidden',
  'files-unusable',
  'files-latest-unusable',
  'files-parquet-unusable',
  'store-unusable',
  'store-foreign',
  'store-newer',
  'store-half-copied',
  'store-url',
  'store-refused',
  'store-unknown-host',
  'store-tls',
  'store-unfit',
  'store-index',
])

/** What a failure means to the caller. */
export function exitCodeOf(error: unknown): number {
  if (!isCoded(error)) return exitCodes.bug
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed
}

/** A failure for people: what is wrong, then what to try. A bug comes with its stack, so that it can be reported. */
export function failureWords(error: unknown): string {
  if (isCoded(error)) {
    const lines = [...error.message.split('\n'), ...(error.hint ? error.hint.split('\n') : [])]
    return `barograph-collector: ${lines.join('\n  ')}`
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `barograph-collector: this is a bug, please report it:\n${stack}`
}

/** A value that turned out wrong when it was used, with the line that it stands on. */
export function placed(error: unknown, { written }: Config): unknown {
  if (!isCoded(error) || !usageCodes.has(error.code)) return error
  const key = keyOf(error)
  if (key === null) return error
  const { place, value } = written[key]
  const words = error.code === 'port-in-use' ? 'the port is in use by another program' : error.message
  const { code, retryable, hint } = error
  return new CodedError(code, `${place}: ${key} = ${value}: ${words}`, {
    retryable,
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  })
}

function keyOf(error: CodedError): UsedKey | null {
  // Such a failure names its key and place itself.
  if (error.code === 'bad-config') return null
  if (error.code === 'log-partitions') return 'log.partitions'
  if (error.code === 'bad-certificate') return 'broker.tls'
  if (error.code.startsWith('files-latest-')) return 'files.latest'
  if (error.code.startsWith('files-parquet-')) return 'files.parquet'
  if (error.code.startsWith('files-')) return 'files.stats'
  if (error.code.startsWith('registry-')) return 'devices.folder'
  if (error.code === 'bad-url' || error.code.startsWith('mqtt-')) return 'mqtt.url'
  if (error.code.startsWith('log-')) return 'log.url'
  if (error.code.startsWith('store-')) return 'store.url'
  if (!(error instanceof ThreadFailure)) return null
  return error.thread === 'serve' ? 'serve.listen' : 'broker.listen'
}
