import { limits } from '@barograph/proto'
import { createBucket } from '../bucket.ts'
import { settingsAt, type sitesAt } from '../device.ts'
import type {
  BucketDocument,
  Position,
  SettingsDocument,
  StreamDocument,
  SummaryDocument,
} from '../documents.ts'
import { createWindowing, type Portion, portionsOf, type Windowing } from '../fold/windowing.ts'

import { isBefore } from '../position.ts'
import { nominalMs } from '../windows.ts'

/** What some readings add to their windows, and the records since which they count. */
export interface Addition extends Portion {
  readonly oldest: Position
  readonly newest: Position
}

/** By what the windows of a device are cut: its sites, and the settings as they were at each record. */
export interface Rules {
  readonly device: string
  readonly set: number
  readonly sites: ReturnType<typeof sitesAt>
  readonly settings: SettingsDocument | null
  /** By sensor, see StreamDocument. */
  readonly expiredBefore: ReadonlyMap<string, StreamDocument['expiredBefore']>
}

/** Records from <= position < to. */
export interface Stretch {
  readonly from: Position
  readonly to: Position
}

const isWithin = (at: Position, { from, to }: Stretch): boolean => !isBefore(at, from) && isBefore(at, to)

/** What the readings of a bucket that began to count within a stretch of records add, whatever their order was. */
export function additionsOf(document: BucketDocument, rules: Rules, stretch: Stretch): Addition[] {
  const { device, sensor, epoch, index } = document
  const bucket = createBucket(device, { sensor, epoch }, index, document)
  const first = firstSeqOf(document)
  const own = ofSensor(rules, sensor)
  const additions: Addition[] = []
  for (const run of bucket.runs(first, first + document.times.length - 1)) {
    const since = Array.from(run.times, (_, i) => {
      const at = bucket.countedSince(run.firstSeq + i)
      return at && isWithin(at, stretch) ? at : null
    })
    const settings = since.map((at) => (at ? settingsAt(rules.settings, at, rules.device) : null))
    for (const one of new Set(settings)) {
      if (one === null) continue
      const windowing = createWindowing({ ...rules, ...own, intervalMs: run.intervalMs, settings: one })
      const counts = Uint8Array.from(settings, (its) => (its === one ? 1 : 0))
      for (const portion of portionsOf(windowing, run, counts)) {
        const its = since.slice(portion.from, portion.to).filter((at, i) => at && counts[portion.from + i])
        additions.push({ ...portion, ...spanOf(its as Position[]) })
      }
    }
  }
  return additions
}

const ofSensor = ({ expiredBefore }: Rules, sensor: string) => ({
  sensor,
  expiredBefore: expiredBefore.get(sensor) ?? {},
})

function spanOf(positions: readonly Position[]): { oldest: Position; newest: Position } {
  let [oldest] = positions as [Position]
  let newest = oldest
  for (const at of positions) {
    if (isBefore(at, oldest)) oldest = at
    if (isBefore(newest, at)) newest = at
  }
  return { oldest, newest }
}

/** What a summary adds to the windows of a minute and more, when its record is within the stretch. */
export function additionsOfSummary(
  { sensor, intervalMs, minutes }: SummaryDocument,
  at: Position,
  rules: Rules,
  stretch: Stretch,
): Addition[] {
  if (!isWithin(at, stretch)) return []
  const settings = settingsAt(rules.settings, at, rules.device)
  const windowing: Windowing = createWindowing({
    ...rules,
    ...ofSensor(rules, sensor),
    intervalMs: Math.max(intervalMs, 1),
    settings,
  })
  return minutes.map(({ start, received, metrics }) => ({
    contribution: { received, intervalMs, figures: new Map(Object.entries(metrics)) },
    windows: windowing.at(start).kept.filter(({ key }) => nominalMs[key.level] >= nominalMs['1m']),
    oldest: at,
    newest: at,
  }))
}

/** The record that brought a number, as its bucket says; null: none did. */
export function arrivalIn(document: BucketDocument | null, seq: number): Position | null {
  const event = document?.events.find(
    ({ first, last, what }) => what !== 'released' && first <= seq && seq <= last,
  )
  return event?.at ?? null
}

/** The first number that a bucket has place for. */
export const firstSeqOf = ({ index }: Pick<BucketDocument, 'index'>): number =>
  index * limits.entriesPerBucket + 1
