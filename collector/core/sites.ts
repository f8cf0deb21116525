import type { Site } from '@barograph/proto'
import { type Level, levels, type Position, type StoredSite } from './documents.ts'
import { isBefore } from './position.ts'
import type { Zone } from './zone.ts'
import { zoneOf } from './zone.ts'

/** Sites that one device keeps: a station moves now and then, not daily. The oldest go first. */
const sitesPerDevice = 200

/** No window is longer, ms: how far beyond its newest reading a device has windows. */
const longestWindowMs = 367 * 86_400_000

type SealedUntil = Readonly<Partial<Record<Level, number>>>

/** A time in which the windows of one level follow one zone: from <= t < to, ms. No window goes beyond it. */
export interface ZoneStretch {
  readonly zone: Zone
  readonly from: number
  readonly to: number
}

/**
 * The sites with one more; the same list when the device has said that before. A version that comes again with another
 * content is news: it stands behind the first. `sealedUntil` as known when it came: what is sealed keeps its zone.
 */
export function withSite(
  sites: readonly StoredSite[],
  { unknowns: _, ...site }: Site,
  at: Position,
  sealedUntil: SealedUntil,
): readonly StoredSite[] {
  if (sites.some((known) => isSameSite(known, site))) return sites
  const heldBack = Object.keys(sealedUntil).length > 0 ? { heldBack: sealedUntil } : {}
  return [...sites, { at, ...site, ...heldBack }]
    .sort((a, b) => a.version - b.version || (isBefore(a.at, b.at) ? -1 : 1))
    .slice(-sitesPerDevice)
}

function isSameSite(known: StoredSite, site: Site): boolean {
  return (
    known.version === site.version &&
    known.name === site.name &&
    known.latitude === site.latitude &&
    known.longitude === site.longitude &&
    known.altitudeM === site.altitudeM &&
    known.timeZone === site.timeZone &&
    known.validFrom === site.validFrom
  )
}

/** From when a site holds for a level: what was sealed before it came keeps the zone of before. */
const beginOf = ({ validFrom, heldBack }: StoredSite, level: Level): number =>
  Math.max(validFrom, heldBack?.[level] ?? Number.NEGATIVE_INFINITY)

/** What was sealed when a site came keeps what held before, also where no older site holds. */
const heldBackTo = ({ heldBack }: StoredSite, level: Level): number =>
  heldBack?.[level] ?? Number.NEGATIVE_INFINITY

/** The site that holds at an instant: the newest one that is valid by then, or the first; null: none did when that was sealed. */
export function siteAt(sites: readonly StoredSite[], time: number, level: Level): StoredSite | null {
  return (
    sites.findLast((site) => beginOf(site, level) <= time) ??
    sites.find((site) => heldBackTo(site, level) <= time) ??
    null
  )
}

/** Zones one after the other, without gaps; neighbours differ. */
type Timeline = readonly { readonly timeZone: string; readonly from: number }[]

function timelineOf(sites: readonly StoredSite[], defaultTimeZone: string, level: Level): Timeline {
  const begins = new Set([
    Number.NEGATIVE_INFINITY,
    ...sites.flatMap((site) => [heldBackTo(site, level), beginOf(site, level)]),
  ])
  const timeline: { timeZone: string; from: number }[] = []
  for (const from of [...begins].sort((a, b) => (a < b ? -1 : 1))) {
    const timeZone = siteAt(sites, from, level)?.timeZone ?? defaultTimeZone
    if (timeline[timeline.length - 1]?.timeZone !== timeZone) timeline.push({ timeZone, from })
  }
  return timeline
}

/** Tells for each level which zone holds when. Windows end where another zone begins, so that no two ever overlap. */
export function createZoning(
  sites: readonly StoredSite[],
  defaultTimeZone: string,
): (level: Level, time: number) => ZoneStretch {
  const zones = new Set(sites.map((site) => site.timeZone))
  if (sites.some((site) => site.heldBack)) zones.add(defaultTimeZone)
  if (zones.size <= 1) {
    const [only = defaultTimeZone] = zones
    const always = {
      zone: zoneOf(only),
      from: Number.NEGATIVE_INFINITY,
      to: Number.POSITIVE_INFINITY,
    }
    return () => always
  }
  const timelines = new Map<Level, Timeline>()
  return (level, time) => {
    let timeline = timelines.get(level)
    if (!timeline) timelines.set(level, (timeline = timelineOf(sites, defaultTimeZone, level)))
    const i = timeline.findLastIndex(({ from }) => from <= time)
    const { timeZone, from } = timeline[i] as Timeline[number]
    return { zone: zoneOf(timeZone), from, to: timeline[i + 1]?.from ?? Number.POSITIVE_INFINITY }
  }
}

/** Do two lists of sites cut windows that a device may have, with readings up to that time, in different ways? */
export function isRezoned(
  before: readonly StoredSite[],
  after: readonly StoredSite[],
  { defaultTimeZone, newestTime }: { readonly defaultTimeZone: string; readonly newestTime: number },
): boolean {
  const until = newestTime + longestWindowMs
  const wordsOf = (sites: readonly StoredSite[], level: Level): string =>
    timelineOf(sites, defaultTimeZone, level)
      .filter(({ from }) => from <= until)
      .map(({ timeZone, from }) => `${from} ${timeZone}`)
      .join()
  return levels.some((level) => wordsOf(before, level) !== wordsOf(after, level))
}

/**
 * What to say so that everything is as it was before the newest site: the sites that held from its begin on, each valid
 * from where it held, with versions above all known ones. Empty: there was none before.
 */
export function sitesToUndo(sites: readonly StoredSite[]): Site[] {
  const last = sites[sites.length - 1]
  const former = sites.slice(0, -1)
  if (!last || former.length === 0) return []
  const begins = new Set(former.map(({ validFrom }) => validFrom).filter((from) => from > last.validFrom))
  return [last.validFrom, ...[...begins].sort((a, b) => a - b)].map((validFrom, i) => {
    const site = former.findLast((one) => one.validFrom <= validFrom) ?? (former[0] as StoredSite)
    const { at: _, heldBack: __, ...content } = site
    return { ...content, version: last.version + 1 + i, validFrom }
  })
}
