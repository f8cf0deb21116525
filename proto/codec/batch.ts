import type { Batch, Clock, Ended, Lost, Site, StreamEpoch } from '../batch.ts'
import { CodedError } from '../errors.ts'
import type { barograph } from '../generated/barograph.js'
import { limits } from '../limits.ts'
import { isTimeZone } from '../time-zone.ts'
import { readNumbers, readStream, readTimeToken, writeStream } from './parts.ts'
import { readRun, writeRun } from './run.ts'
import { readSummary, writeSummary } from './summary.ts'
import {
  atMost,
  cut,
  giveUnknowns,
  id,
  keepUnknowns,
  readMessage,
  text,
  time,
  v1,
  whole,
  writeMessage,
} from './wire.ts'

type Wire = barograph.v1.Batch.$Properties

const clocks: readonly Clock[] = ['synced', 'uncertain', 'historical']

/**
 * The checked batch in these bytes. Throws a coded error that names what is wrong; memory and time are bounded by the
 * limits whatever the bytes are.
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  const wire = readMessage<Wire>(v1.Batch, bytes, 'batch')
  const clock = clocks[wire.clock ?? 0]
  if (!clock) throw new CodedError('malformed', `clock quality ${wire.clock} is not known`)
  const { runs = [], ended = [], lost = [], summaries = [] } = wire
  for (const [name, list] of Object.entries({ runs, ended, lost, summaries }))
    atMost(list?.length ?? 0, limits.partsPerBatch, name)
  let entries = 0
  for (const run of runs ?? []) entries += run.count ?? 0
  atMost(entries, limits.entriesPerBatch, 'entries')
  const checked = { runs: (runs ?? []).map(readRun), summaries: (summaries ?? []).map(readSummary) }
  let numbers = 0
  for (const { firstSeq, lastSeq } of checked.summaries) numbers += lastSeq - firstSeq + 1
  // A few bytes stand for many numbers, and whoever folds them marks each one.
  atMost(numbers, limits.numbersPerSummary, 'numbers of summaries')
  refuseOverlaps(checked)
  return {
    device: id(wire.device, 'device'),
    siteVersion: wire.siteVersion ?? 0,
    clock,
    clockErrorMs: whole(wire.clockErrorMs, 'clock error'),
    ...checked,
    ended: (ended ?? []).map(readEnded),
    lost: (lost ?? []).map(readLost),
    site: wire.site ? readSite(wire.site) : null,
    hello: wire.hello ? readHello(wire.hello) : null,
    ...readTimeToken(wire.timeToken),
    ...keepUnknowns(wire),
  }
}

/** A number occurs once in a batch: whoever folds it must not have to tell two of them apart. */
function refuseOverlaps({ runs, summaries }: Pick<Batch, 'runs' | 'summaries'>): void {
  const ranges = [
    ...runs.map((run) => ({
      key: run.sensor + run.epoch,
      first: run.firstSeq,
      last: run.firstSeq + run.times.length - 1,
    })),
    ...summaries.map((one) => ({ key: one.sensor + one.epoch, first: one.firstSeq, last: one.lastSeq })),
  ]
  if (ranges.length < 2) return
  ranges.sort((a, b) => (a.key === b.key ? a.first - b.first : a.key < b.key ? -1 : 1))
  for (let i = 1; i < ranges.length; i++) {
    const [before, here] = [ranges[i - 1], ranges[i]]
    if (before && here && before.key === here.key && here.first <= before.last)
      throw new CodedError('malformed', `number ${here.first} occurs twice in a batch`)
  }
}

/** The bytes of a batch. */
export function encodeBatch(batch: Batch): Uint8Array {
  return writeMessage<Wire>(v1.Batch, {
    version: limits.version,
    device: batch.device,
    siteVersion: batch.siteVersion,
    clock: clocks.indexOf(batch.clock),
    clockErrorMs: batch.clockErrorMs,
    runs: batch.runs.map(writeRun),
    ended: batch.ended.map((e) => ({ ...writeStream(e), lastSeq: e.lastSeq })),
    lost: batch.lost.map((l) => ({
      ...writeStream(l),
      firstSeq: l.firstSeq,
      lastSeq: l.lastSeq,
      cause: cut(l.cause),
    })),
    summaries: batch.summaries.map(writeSummary),
    ...(batch.site ? { site: writeSite(batch.site) } : {}),
    ...(batch.hello ? { hello: { streams: batch.hello.map(writeStream) } } : {}),
    timeToken: batch.timeToken ?? 0,
    ...giveUnknowns(batch),
  })
}

function readEnded(wire: barograph.v1.Ended.$Properties): Ended {
  const lastSeq = whole(wire.lastSeq, 'last number')
  if (lastSeq < 0 || lastSeq >= limits.sequence)
    throw new CodedError('malformed', `an epoch cannot end at ${lastSeq}`)
  return { ...readStream(wire), lastSeq }
}

function readLost(wire: barograph.v1.Lost.$Properties): Lost {
  return { ...readStream(wire), ...readNumbers(wire), cause: text(wire.cause, 'cause') }
}

function readHello(wire: barograph.v1.Hello.$Properties): StreamEpoch[] {
  atMost(wire.streams?.length ?? 0, limits.streamsPerHello, 'streams')
  return (wire.streams ?? []).map(readStream)
}

function readSite(wire: barograph.v1.Site.$Properties): Site {
  const { latitude = 0, longitude = 0, altitudeM = 0 } = wire
  const finite = Number.isFinite(latitude) && Number.isFinite(longitude) && Number.isFinite(altitudeM)
  if (!finite || Math.abs(latitude ?? 0) > 90 || Math.abs(longitude ?? 0) > 180)
    throw new CodedError(
      'bad-site',
      `a site at latitude ${latitude}, longitude ${longitude}, altitude ${altitudeM} m`,
    )
  if (!wire.version) throw new CodedError('bad-site', 'a site has a version from 1 on')
  const timeZone = text(wire.timeZone, 'time zone')
  if (!isTimeZone(timeZone)) throw new CodedError('bad-site', `"${timeZone}" is no IANA time zone`)
  return {
    version: wire.version,
    name: text(wire.name, 'site name'),
    latitude: latitude ?? 0,
    longitude: longitude ?? 0,
    altitudeM: altitudeM ?? 0,
    timeZone,
    validFrom: time(wire.validFrom, 'valid from'),
    ...keepUnknowns(wire),
  }
}

function writeSite(site: Site): barograph.v1.Site.$Properties {
  const { unknowns: _, ...fields } = site
  return { ...fields, name: cut(site.name), ...giveUnknowns(site) }
}
