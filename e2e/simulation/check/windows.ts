import { cosineOf, isInvalid, isSuspect, sineOf } from '@barograph/proto'
import type { RollupDocument } from '../../../collector/core/documents.ts'
import { isKept, type Level, partOf, windowOf, type ZoneName } from './calendar.ts'
import type { AcceptedEntry, AcceptedStream } from './ledger.ts'

/** A reading that counts, with what its windows depend on. */
export interface Counted {
  readonly stream: AcceptedStream
  readonly entry: AcceptedEntry
  /** It came condensed with its minute: shorter windows do not hold it. */
  readonly isThinned: boolean
}

/** The windows of one reading. */
export function windowsOf(
  { stream, entry, isThinned }: Counted,
  levels: readonly Level[],
  zone: ZoneName,
): { readonly id: string; readonly level: Level; readonly start: number; readonly end: number }[] {
  const { device, sensor, intervalMs } = stream
  return levels
    .filter((level) => isKept(level, intervalMs) && !(isThinned && level === '10s'))
    .map((level) => {
      const window = windowOf(level, entry.time, zone)
      return { id: `${device}/${sensor}/${level}/${window.start}`, level, ...window }
    })
}

/** What a window is, as text: all that has to be equal, and nothing that depends on the order of arrival. */
type WindowText = string

/** Every window from its readings, from nothing. */
export function recompute(
  counted: readonly Counted[],
  levels: readonly Level[],
  zoneOf: (device: string) => ZoneName,
): Map<string, WindowText> {
  const groups = new Map<string, { level: Level; end: number; members: Counted[] }>()
  for (const one of counted)
    for (const { id, level, end } of windowsOf(one, levels, zoneOf(one.stream.device))) {
      const group = groups.get(id)
      if (group) group.members.push(one)
      else groups.set(id, { level, end, members: [one] })
    }
  return new Map(
    [...groups].map(([id, { level, end, members }]) => {
      const zone = zoneOf((members[0] as Counted).stream.device)
      return [id, describe(level, end, zone, members)]
    }),
  )
}

function describe(level: Level, end: number, zone: ZoneName, members: readonly Counted[]): WindowText {
  const keys = [...new Set(members.flatMap(({ entry }) => entry.values.map(({ key }) => key)))].sort()
  const covered = members.reduce((sum, { stream }) => sum + stream.intervalMs, 0)
  const metrics = keys.map((key) => `${key}: ${metricText(level, zone, key, members)}`)
  return [`end ${end} zone ${zone} received ${members.length} covered ${covered}`, ...metrics].join('\n')
}

function metricText(level: Level, zone: ZoneName, key: string, members: readonly Counted[]): string {
  const all = members.flatMap(({ stream, entry }) =>
    entry.values
      .filter((value) => value.key === key)
      .map((value) => ({ ...value, time: entry.time, stream })),
  )
  const good = all.filter(({ flag }) => !isInvalid(flag))
  const part = partOf[level]
  const parts = new Map<number, typeof good>()
  for (const one of good)
    if (part && isKept(part, one.stream.intervalMs)) {
      const { start } = windowOf(part, one.time, zone)
      parts.set(start, [...(parts.get(start) ?? []), one])
    }
  const partTexts = [...parts]
    .sort(([a], [b]) => a - b)
    .map(([start, some]) => `${start} ${some.length} ${figures(some, false)}`)
  return `count ${good.length} flagged ${all.length - good.length} suspect ${good.filter(({ flag }) => isSuspect(flag)).length} ${good.length > 0 ? figures(good, true) : ''} [${partTexts.join(', ')}]`
}

type Figure = { readonly thousandths: number; readonly time: number; readonly kind: string }

/** Sums, extremes and ends; `whole`: with the times, as a window has them and its parts do not. */
function figures(some: readonly Figure[], whole: boolean): string {
  const total = (of: (one: Figure) => number): string =>
    some.reduce((sum, one) => sum + BigInt(of(one)), 0n).toString()
  const first = (order: (a: Figure, b: Figure) => number): Figure => [...some].sort(order)[0] as Figure
  const ends = whole
    ? [
        first((a, b) => a.time - b.time || a.thousandths - b.thousandths),
        first((a, b) => b.time - a.time || b.thousandths - a.thousandths),
      ]
    : []
  const isDirection = some[0]?.kind === 'direction'
  const extremes = isDirection
    ? []
    : [
        first((a, b) => a.thousandths - b.thousandths || a.time - b.time),
        first((a, b) => b.thousandths - a.thousandths || a.time - b.time),
      ]
  const sums = isDirection
    ? `sine ${total((one) => sineOf(one.thousandths))} cosine ${total((one) => cosineOf(one.thousandths))}`
    : `sum ${total((one) => one.thousandths)}`
  const say = (one: Figure): string => (whole ? `${one.thousandths}@${one.time}` : `${one.thousandths}`)
  return `${sums} ${[...extremes, ...ends].map(say).join(' ')}`
}

/** The same of a stored window. */
export function describeStored(rollup: RollupDocument): WindowText {
  const metrics = Object.entries(rollup.metrics)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => {
      const isDirection = one.kind === 'direction'
      const extremes = isDirection ? [] : [`${one.min}@${one.minAt}`, `${one.max}@${one.maxAt}`]
      const ends = [`${one.first}@${one.firstAt}`, `${one.last}@${one.lastAt}`]
      const sums = isDirection ? `sine ${one.sine} cosine ${one.cosine}` : `sum ${one.sum}`
      const body = one.count > 0 ? `${sums} ${[...extremes, ...ends].join(' ')}` : ''
      const parts = (one.parts ?? []).map(([start, count, a, b, c]) =>
        isDirection ? `${start} ${count} sine ${a} cosine ${b} ` : `${start} ${count} sum ${a} ${b} ${c}`,
      )
      return `${key}: count ${one.count} flagged ${one.flagged} suspect ${one.suspect} ${body} [${parts.join(', ')}]`
    })
  const { end, timeZone, received, coveredMs } = rollup
  return [`end ${end} zone ${timeZone} received ${received} covered ${coveredMs}`, ...metrics].join('\n')
}
