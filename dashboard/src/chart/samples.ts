import { type Point, runsOf } from '../measure/series.ts'

/** A place the trace passes through. */
export interface Sample {
  readonly time: number
  readonly value: number
  readonly low: number
  readonly high: number
}

/** An unbroken piece of the trace and the windows it stands for. */
export interface Run {
  readonly start: number
  readonly end: number
  readonly samples: readonly Sample[]
}

/** The newest reading. */
export interface Tip {
  readonly time: number
  readonly value: number
}

/** The trace in pieces: through the windows' centres, the last piece drawn out to the newest reading. */
export function runsToDraw(points: readonly Point[], tip: Tip | null): readonly Run[] {
  const runs = runsOf(points).map((run): Run => {
    const samples = run.map((point) => ({ ...point, time: (point.start + point.end) / 2 }))
    return { start: run[0]?.start ?? 0, end: run.at(-1)?.end ?? 0, samples }
  })
  const last = runs.at(-1)
  const point = points.at(-1)
  if (!tip || !last || !point) return runs
  // A reading of the next window continues the trace; one after a gap does not.
  const reach = point.end + (point.end - point.start)
  if (tip.time < point.start || tip.time > reach) return runs
  return [...runs.slice(0, -1), { ...last, samples: drawnOut(last.samples, point, tip) }]
}

function drawnOut(samples: readonly Sample[], { start }: Point, tip: Tip): readonly Sample[] {
  const end = { time: tip.time, value: tip.value, low: tip.value, high: tip.value }
  const last = samples.at(-1)
  if (!last || last.time < tip.time) return [...samples, end]
  const before = samples.slice(0, -1)
  // The open window's centre is still to come: its mean stands between its start and now.
  return tip.time > start ? [...before, { ...last, time: (start + tip.time) / 2 }, end] : [...before, end]
}
