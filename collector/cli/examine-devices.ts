import { readFileSync } from 'node:fs'
import type { Config } from '../config/index.ts'
import {
  certificateLives,
  endOf,
  endWords,
  hasRegistry,
  isValid,
  openRegistry,
  warnDays,
} from '../devices/index.ts'
import { fault, type Finding, found } from './finding.ts'

const dayMs = 86_400_000

/** Whether devices can prove who they are, and for how long yet. */
export function examineDevices(
  { broker, devices }: Pick<Config, 'broker' | 'devices'>,
  nowMs: number,
): Finding[] {
  return [
    ...(devices.auth === 'none' ? [] : [examineRegistry(devices.folder, nowMs)]),
    ...(broker?.tls && broker.tls !== 'auto' ? [examineCertificate(broker.tls.cert, nowMs)] : []),
  ]
}

function examineRegistry(folder: string, nowMs: number): Finding {
  if (!hasRegistry(folder))
    return fault(
      'devices',
      'none was added yet, and the broker lets in nobody else',
      'barograph-collector devices add --help',
    )
  const registry = openRegistry(folder)
  try {
    const all = registry.list().map(({ device, credentials }) => ({
      device,
      endsMs: Math.max(
        ...credentials
          .filter((one) => isValid(one, nowMs))
          .map(({ endsMs }) => endsMs ?? Number.POSITIVE_INFINITY),
      ),
    }))
    const valid = all.filter(({ endsMs }) => endsMs > nowMs)
    const ending = valid.filter(({ endsMs }) => endsMs - nowMs < certificateLives.deviceWarnDays * dayMs)
    const words = `${valid.length} of ${all.length} may come in`
    if (ending.length === 0) return found('devices', words)
    return fault(
      'devices',
      `${words}; before long ${ending.map(({ device, endsMs }) => `${device} ${endWords(endsMs, nowMs)}`).join('; ')}`,
      'barograph-collector devices renew DEVICE, and bring it the new file',
    )
  } finally {
    registry.close()
  }
}

function examineCertificate(path: string, nowMs: number): Finding {
  try {
    const endsMs = endOf(readFileSync(path, 'utf8'))
    const words = `${path} is good until ${dateOf(endsMs)}`
    return endsMs - nowMs > warnDays * dayMs
      ? found('certificate', words)
      : fault('certificate', words, 'Put a new one in its place: the broker takes it up by itself.')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return fault(
      'certificate',
      `${path} cannot be read: ${why}`,
      'broker.tls: auto, or { cert: FILE, key: FILE }',
    )
  }
}

const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
