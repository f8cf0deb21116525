import { type OfflineReport, runOffline } from './offline-run.ts'
import type { Outcome, Proof } from './proof.ts'

const days = 3
const sensors = 5
const backfillPerSecond = 2_500
/** Of the rate, around the limit that is configured: ingest times are those of a busy machine. */
const tolerance = { low: 0.9, high: 1.05, highInTenSeconds: 1.2 }
/** Live readings come each second: so many seconds' worth of backlog may stand between two of them. */
const longestStretchSeconds = 5

export const offline: Proof = {
  name: 'offline',
  what: 'a device comes back after three days offline: live readings overtake the backlog all along, it drains at the configured limit, and every window is right',
  async run({ folder, say, signal }) {
    const report = await runOffline({
      folder,
      seconds: days * 86_400,
      sensors,
      backfillPerSecond,
      limitMs: 3 * ((days * 86_400 * sensors) / backfillPerSecond) * 1_000,
      say,
      signal,
    })
    return outcomeOf(report)
  },
}

function outcomeOf(report: OfflineReport): Outcome {
  const { backlog, storedOnce, live, longestStretch, perSecond, mostPerSecond } = report
  const problems = [
    storedOnce !== backlog && `${storedOnce} are stored as they were accepted`,
    report.tenthsWithoutLive > 0 &&
      `${report.tenthsWithoutLive} tenths of the backlog had no live reading among them`,
    longestStretch > longestStretchSeconds * backfillPerSecond &&
      `${longestStretch} of the backlog came between two live readings`,
    report.liveOutOfOrder > 0 && `${report.liveOutOfOrder} live readings came out of order`,
    (perSecond < tolerance.low * backfillPerSecond || perSecond > tolerance.high * backfillPerSecond) &&
      `the backlog drained at ${Math.round(perSecond)} a second`,
    mostPerSecond > tolerance.highInTenSeconds * backfillPerSecond &&
      `in some ten seconds it drained at ${Math.round(mostPerSecond)} a second`,
    ...report.wrongWindows.slice(0, 5),
    report.audit,
  ].filter((words): words is string => typeof words === 'string' && words !== '')
  return {
    ok: problems.length === 0,
    count: `${days} days of ${sensors} sensors at 1 reading/s: ${backlog} readings, and ${live} live ones meanwhile`,
    seed: 'none',
    result:
      problems.length > 0
        ? problems.join('; ')
        : `each stored once; at most ${longestStretch} of the backlog between two live readings; ${Math.round(perSecond)} a second (limit ${backfillPerSecond}); 0 wrong windows, audit clean`,
  }
}
