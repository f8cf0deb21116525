import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import type { FoundStream, Catalogue } from './damaged-file.ts'

/**
 * What a buffer's rows cannot be understood without, written a second time: which stream a number belongs to, and the
 * custom metrics. In the database both stand on one page each; with that page gone, nothing else could be attributed or
 * even be declared lost. `lastSeq` is that of a moment ago: at least so many numbers were given.
 */
export interface Sidecar {
  /** Of the database's schema. */
  readonly version: number
  readonly device: string
  readonly streams: readonly Omit<FoundStream, 'crc'>[]
  readonly metrics: Catalogue['metrics']
  /** Sensors that have a position. */
  readonly positions?: readonly string[]
}

const sidecarOf = (path: string): string => `${path}.streams`

/** Throws what the file system throws. */
export function writeSidecar(path: string, sidecar: Sidecar): void {
  const next = `${sidecarOf(path)}.new`
  const file = openSync(next, 'w')
  try {
    writeSync(file, JSON.stringify(sidecar))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(next, sidecarOf(path))
}

/** Null when there is none, or none that can be read: it is a help and no truth of its own. */
export function readSidecar(path: string, device: string): Sidecar | null {
  try {
    const sidecar = JSON.parse(readFileSync(sidecarOf(path), 'utf8')) as Sidecar
    return sidecar.device === device && Array.isArray(sidecar.streams) && Array.isArray(sidecar.metrics)
      ? sidecar
      : null
  } catch {
    return null
  }
}

/** The schema of the buffer that stood here last; null: nobody wrote it down. */
export function sidecarVersion(path: string): number | null {
  try {
    return Number((JSON.parse(readFileSync(sidecarOf(path), 'utf8')) as Sidecar).version)
  } catch {
    return null
  }
}
