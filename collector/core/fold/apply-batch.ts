import { addRange, type Batch, emptySet, type RangeSet, rangeOf, subtract } from '@barograph/proto'
import type { Bucket } from '../bucket.ts'
import { noteBatch, settingsAt } from '../device.ts'
import { lose, merged, refuse, refuseExpired, see } from '../epoch.ts'
import { bucketId, bucketIndex, streamId } from '../identity.ts'
import type { RecordOf } from '../record.ts'
import { noteRun, noteTimes } from '../stream.ts'
import { summaryDocument } from '../summary.ts'
import type { Applying, Edit } from './edit.ts'
import type { BatchPlan, RunPlan, SummaryPlan } from './plan-batch.ts'
import { createWindowChanges } from './window-changes.ts'

/** Changes what a batch changes. */
export function applyBatch(
  record: RecordOf<'batch'>,
  { runs, summaries }: BatchPlan,
  applying: Applying,
): void {
  const { edit, cache } = applying
  const device = edit.open(cache.devices, record.device)
  if (device) {
    const settings = cache.settings.get(String(device.partition))?.state ?? null
    const { defaultTimeZone } = settingsAt(settings, record.at, record.device)
    noteBatch(device, record.batch, { at: record.at, ingestMs: record.ingestMs, defaultTimeZone })
  }
  const sensors = [...runs.map(({ run }) => run.sensor), ...summaries.map(({ summary }) => summary.sensor)]
  const windows = createWindowChanges(record, sensors, applying)
  for (const one of runs) applyRun(record, one, applying)
  for (const one of summaries) applySummary(record, one, applying)
  windows.add([...runs, ...summaries].flatMap(({ portions }) => portions))
  applyDeclarations(record.batch, edit)
}

function applyRun(
  record: RecordOf<'batch'>,
  { run, isNew, quarantine, refusal }: RunPlan,
  { edit, cache, effect }: Applying,
): void {
  const all = rangeOf(run.firstSeq, run.firstSeq + run.times.length - 1)
  const epoch = edit.openEpoch(run)
  if (refusal !== null) {
    if (epoch) refuse(epoch, all, refusal)
    effect.refused += run.times.length
    return
  }
  const numbers = new Map<string, RangeSet>()
  const put = createPut(record, run, { edit, cache })
  for (let i = 0; i < isNew.length; ) {
    const reason = quarantine?.[i] ?? ''
    const first = i
    while (i < isNew.length && isNew[i] === isNew[first] && (quarantine?.[i] ?? '') === reason)
      put(i++, isNew[first] === 1, reason)
    if (isNew[first] === 0) effect.repeats += i - first
    else {
      const before = numbers.get(reason) ?? emptySet
      numbers.set(reason, addRange(before, run.firstSeq + first, run.firstSeq + i - 1))
      effect[reason === '' ? 'fresh' : 'quarantined'] += i - first
    }
  }
  if (epoch) {
    for (const [reason, set] of numbers) see(epoch, set, reason)
    refuseExpired(epoch, all)
  }
  const stream = edit.open(cache.streams, streamId(record.device, run.sensor))
  if (stream) noteRun(stream, run, record.ingestMs, (i) => isNew[i] === 1 && (quarantine?.[i] ?? '') === '')
}

/** Puts an entry into its bucket, which is looked up once for all its neighbours. */
function createPut(
  { device, at, ingestMs }: RecordOf<'batch'>,
  run: RunPlan['run'],
  { edit, cache }: Pick<Applying, 'edit' | 'cache'>,
): (i: number, isNew: boolean, reason: string) => void {
  const marks = new Map(run.marks.map((mark) => [mark.index, mark]))
  let index = -1
  let bucket: Bucket | null = null
  return (i, isNew, reason) => {
    if (!isNew) return
    const seq = run.firstSeq + i
    if (bucketIndex(seq) !== index) {
      index = bucketIndex(seq)
      bucket = edit.open(cache.buckets, bucketId(device, run, index))
    }
    const what = reason === '' ? 'arrived' : 'quarantined'
    bucket?.put(run, i, marks.get(i), { at, what, reason, ingestMs })
  }
}

function applySummary(
  record: RecordOf<'batch'>,
  { summary, refusal }: SummaryPlan,
  { edit, cache, effect }: Applying,
): void {
  const { device } = record
  const epoch = edit.openEpoch(summary)
  const numbers = rangeOf(summary.firstSeq, summary.lastSeq)
  if (refusal !== null) {
    if (epoch) {
      refuse(epoch, subtract(numbers, merged(epoch.refused)), refusal)
      refuseExpired(epoch, numbers)
    }
    return
  }
  for (let seq = summary.firstSeq; seq <= summary.lastSeq; seq++)
    edit
      .open(cache.buckets, bucketId(device, summary, bucketIndex(seq)))
      ?.summarise(seq, summary.firstSeq, record)
  if (epoch) see(epoch, numbers, '')
  effect.fresh += summary.lastSeq - summary.firstSeq + 1
  const document = summaryDocument(device, summary, record.next)
  cache.summaries.soil(cache.summaries.put(document.id, { o: record.next, document }))
  const stream = edit.open(cache.streams, streamId(device, summary.sensor))
  const last = summary.minutes[summary.minutes.length - 1]
  if (stream && last) noteTimes(stream, summary.minutes[0]?.start ?? last.start, last.start, record.ingestMs)
}

function applyDeclarations({ ended, lost }: Batch, edit: Edit): void {
  for (const one of lost) {
    const epoch = edit.openEpoch(one)
    if (epoch) lose(epoch, one.firstSeq, one.lastSeq, one.cause)
  }
  for (const one of ended) {
    const epoch = edit.openEpoch(one)
    if (!epoch) continue
    epoch.ended = Math.max(epoch.ended ?? 0, one.lastSeq)
    epoch.accepted = Math.max(epoch.accepted, one.lastSeq)
  }
}
