import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { WalFrames } from './wal.ts'

/** Damaged files that are kept for whoever wants to look, once all were read; the oldest go. */
const damagedFilesKept = 2
/** Of files that break before those before them were read, so many are kept; the oldest go unread, and are declared lost. */
const unreadFilesKept = 8

const mark = '.corrupt-'
/** Of all files that we make. */
export const pageBytes = 4_096
const logEnd = '-wal'
/** Where SQLite's header says whose database it is. */
const applicationIdAt = 68

/** Moves a damaged database and its log out of the way. Returns the new path. */
export function setAside(path: string, nowMs: number): string {
  const name = nextName(path, nowMs)
  // The log first: a database without it would be found in the next run as if it were whole.
  move(`${path}-wal`, `${name}-wal`)
  move(path, name)
  rmSync(`${path}-shm`, { force: true })
  sync(dirname(path))
  removeOld(path, unreadFilesKept)
  return name
}

/**
 * A kill came after the log was moved and before the database was: without its log it would seem whole, and older than it
 * was. Null: there was none.
 */
export function finishSettingAside(path: string): string | null {
  // A folder that cannot be looked through now is not one without such files.
  const beside = namesBeside(path)
  const moved = beside.findLast((name) => name.endsWith(logEnd))
  const name = moved?.slice(0, -logEnd.length)
  const newest = beside.findLast((one) => !one.endsWith(logEnd)) ?? ''
  if (name === undefined || name <= newest || !existsSync(path)) return null
  move(path, join(dirname(path), name))
  rmSync(`${path}-shm`, { force: true })
  sync(dirname(path))
  return join(dirname(path), name)
}

/** All of them were read. */
export const removeRead = (path: string): void => removeOld(path, damagedFilesKept)

function removeOld(path: string, kept: number): void {
  for (const old of damagedFiles(path).slice(0, -kept))
    for (const file of [old + logEnd, old]) rmSync(join(dirname(path), file), { force: true })
}

/** By the clock, and behind all others also when that was set back: their order is that of their names. */
function nextName(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace(/\..*/, 'Z')
  const name = `${basename(path)}${mark}${stamp}`
  const newest = damagedFiles(path).at(-1)
  if (newest === undefined || newest < name) return join(dirname(path), name)
  const [, stem = newest, number = '1'] = /^(.*Z)-(\d+)$/.exec(newest) ?? []
  return join(dirname(path), `${stem}-${String(Number(number) + 1).padStart(4, '0')}`)
}

/** Names of the files that were set aside beside a buffer, oldest first. */
export const damagedFiles = (path: string): string[] =>
  filesBeside(path).filter((name) => !name.endsWith(logEnd))

function filesBeside(path: string): string[] {
  try {
    return namesBeside(path)
  } catch {
    return []
  }
}

const namesBeside = (path: string): string[] =>
  readdirSync(dirname(path))
    .filter((name) => name.startsWith(basename(path) + mark))
    .sort()

/** True for what was a buffer of ours once: anything else is not ours to move. */
export function bearsOurMark(path: string, applicationId: number): boolean {
  return readHeader(path).readUInt32BE(applicationIdAt) === applicationId
}

/**
 * False when the newest header, in the file or its log, is not one that we write. SQLite takes some of these for another kind of database, not for damage.
 * Format: https://www.sqlite.org/fileformat2.html 1.3.
 */
export function isHeaderRight(
  path: string,
  wal: WalFrames | null,
  applicationId: number,
  version: number,
): boolean {
  const inLog = wal?.offsets.get(1)
  const header = inLog === undefined ? readHeader(path) : readHeader(`${path}-wal`, inLog)
  const isKnownFormat = (byte: number): boolean => byte === 1 || byte === 2
  return (
    header.subarray(0, 16).toString('latin1') === 'SQLite format 3\0' &&
    header.readUInt16BE(16) === pageBytes &&
    isKnownFormat(header[18] ?? 0) &&
    isKnownFormat(header[19] ?? 0) &&
    header.subarray(20, 24).equals(Buffer.from([0, 64, 32, 32])) &&
    // UTF-8.
    header.readUInt32BE(56) === 1 &&
    header.readUInt32BE(60) === version &&
    header.readUInt32BE(applicationIdAt) === applicationId
  )
}

function readHeader(path: string, at = 0): Buffer {
  const header = Buffer.alloc(100)
  const file = openSync(path, 'r')
  try {
    readSync(file, header, 0, header.length, at)
  } catch {
    // A bad sector: no header of ours. The rest of the file may be read.
    header.fill(0)
  } finally {
    closeSync(file)
  }
  return header
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** The renames survive a power cut. */
function sync(folder: string): void {
  const directory = openSync(folder, 'r')
  fsyncSync(directory)
  closeSync(directory)
}
