import type { Log } from '../core/log.ts'

/** A log whose lines name the device: several of them share a program here. */
export const withDevice = (log: Log, device: string): Log => ({
  debug: (fields, message) => log.debug({ device, ...fields }, message),
  info: (fields, message) => log.info({ device, ...fields }, message),
  warn: (fields, message) => log.warn({ device, ...fields }, message),
  error: (fields, message) => log.error({ device, ...fields }, message),
})
