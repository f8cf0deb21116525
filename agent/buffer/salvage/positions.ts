import { type HeldPosition, isBefore, isPositionRight, readHeld } from '../position-table.ts'
import type { Catalogue, FoundStream } from './damaged-file.ts'
import type { Sidecar } from './sidecar.ts'

type Stream = Pick<FoundStream, 'id' | 'sensor' | 'historical' | 'lastSeq'>

/**
 * Positions out of a damaged file: the newest row of either table that is what was written, if the sensor accepted
 * nothing after it. Of any other sensor that had a position it is lost: it must not start again as if it were new.
 */
export function positionsOf(
  catalogue: Catalogue | null,
  sidecar: Sidecar | null,
  streams: readonly Stream[],
): Map<string, HeldPosition> {
  const newest = new Map<string, Stream>()
  for (const stream of streams) {
    const before = newest.get(stream.sensor)
    if (!before || before.id < stream.id) newest.set(stream.sensor, stream)
  }
  const found = foundIn(catalogue)
  const all = new Map<string, HeldPosition>()
  for (const sensor of new Set([...found.keys(), ...knownToHaveOne(sidecar, streams)])) {
    const held = found.get(sensor)
    const last = newest.get(sensor)
    const end = { stream: last?.id ?? 0, seq: last?.lastSeq ?? 0 }
    if (held && !isBefore(held, end)) all.set(sensor, held)
    else all.set(sensor, { position: null, isLost: true, ...end })
  }
  // Version 1 had neither numbers in its rows nor anything beside the file; a file that came from it may have old pages.
  const isOfVersion1 = catalogue !== null && sidecar === null && catalogue.boots.length === 0
  for (const { key, value } of isOfVersion1 ? catalogue.texts : []) {
    const last = newest.get(key)
    const row = { sensor: key, stream: last?.id ?? 0, seq: last?.lastSeq ?? 0, position: value, crc: null }
    if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(key) && isText(value)) all.set(key, readHeld(row))
  }
  return all
}

function foundIn(catalogue: Catalogue | null): Map<string, HeldPosition> {
  const found = new Map<string, HeldPosition>()
  for (const row of catalogue?.positions ?? []) {
    if (!isPositionRight(row) || (row.position !== '' && !isText(row.position))) continue
    const held = readHeld(row)
    const before = found.get(row.sensor)
    if (!before || isBefore(before, held)) found.set(row.sensor, held)
  }
  return found
}

/** By what stands beside the file; without that, any sensor whose data has times of its own is taken for one. */
function knownToHaveOne(sidecar: Sidecar | null, streams: readonly Stream[]): string[] {
  const listed = sidecar?.positions ?? []
  const isKnown = ({ id }: Stream): boolean =>
    sidecar?.positions !== undefined && sidecar.streams.some((one) => one.id === id)
  const others = streams.filter((one) => one.historical && one.lastSeq > 0 && !isKnown(one))
  return [...listed, ...others.map(({ sensor }) => sensor)]
}

function isText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
