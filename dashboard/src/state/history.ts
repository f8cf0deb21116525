import type { ApiLevel, ApiRollup } from '@barograph/proto/api'
import type { Api } from '../api/client.ts'
import { type Window, windowOf } from '../measure/series.ts'

/** A stretch of windows of one stream. */
export interface HistoryQuery {
  readonly device: string
  readonly sensor: string
  readonly level: ApiLevel
  readonly from: number
  readonly to: number
}

/** Windows that were asked for, kept current by what the live connection tells. */
export interface History {
  /** What is known of a stretch, ascending; asks the collector for the rest. */
  windows(query: HistoryQuery): readonly Window[]
  /** True when the collector has answered for all of a stretch. */
  isLoaded(query: HistoryQuery): boolean
  merge(device: string, sensor: string, rollup: ApiRollup): void
  /** Something may have been missed: everything is asked for again, and shown as it is until then. */
  forget(): void
}

interface Track {
  readonly windows: Map<number, Window>
  /** Ascending, apart. */
  covered: { from: number; to: number }[]
  /** Ascending by start; null: to be made. */
  sorted: readonly Window[] | null
  isLoading: boolean
  failedAt: number
}

const pageLimit = 1_000
const retryMs = 10_000
/** A track beyond this is dropped before a new one is read. */
const windowsPerTrack = 40_000

/** Keeps windows by stream and level. `onFailure` is told what could not be read. */
export function createHistory(options: {
  api: Pick<Api, 'rollups'>
  now: () => number
  onChange: () => void
  onFailure: (query: HistoryQuery, error: unknown) => void
  onSuccess: (query: HistoryQuery) => void
}): History {
  const { api, now, onChange, onFailure, onSuccess } = options
  const tracks = new Map<string, Track>()
  let age = 0

  function trackOf({ device, sensor, level }: Pick<HistoryQuery, 'device' | 'sensor' | 'level'>): Track {
    const key = `${device}/${sensor}/${level}`
    let track = tracks.get(key)
    if (!track) {
      track = {
        windows: new Map(),
        covered: [],
        sorted: null,
        isLoading: false,
        failedAt: Number.NEGATIVE_INFINITY,
      }
      tracks.set(key, track)
    }
    return track
  }

  async function load(
    query: HistoryQuery,
    track: Track,
    missing: { from: number; to: number },
  ): Promise<void> {
    track.isLoading = true
    const startedIn = age
    try {
      let cursor: string | null = null
      do {
        const page = await api.rollups({ ...query, ...missing, limit: pageLimit, cursor })
        for (const rollup of page.rollups) put(track, windowOf(rollup))
        cursor = page.cursor
      } while (cursor !== null)
      if (startedIn === age) track.covered = addRange(track.covered, missing)
      track.failedAt = Number.NEGATIVE_INFINITY
      onSuccess(query)
    } catch (error) {
      track.failedAt = now()
      onFailure(query, error)
    }
    track.isLoading = false
    onChange()
  }

  function put(track: Track, window: Window): void {
    const known = track.windows.get(window.start)
    // An answer read before a change may come after it.
    if (known && (known.revision > window.revision || known.received > window.received)) return
    if (track.windows.size >= windowsPerTrack) {
      track.windows.clear()
      track.covered = []
    }
    track.windows.set(window.start, window)
    track.sorted = null
  }

  return {
    windows(query) {
      const track = trackOf(query)
      const missing = firstMissing(track.covered, query)
      if (missing && !track.isLoading && now() - track.failedAt > retryMs) void load(query, track, missing)
      track.sorted ??= [...track.windows.values()].toSorted((a, b) => a.start - b.start)
      return track.sorted.filter(({ start, end }) => end > query.from && start < query.to)
    },
    isLoaded: (query) => firstMissing(trackOf(query).covered, query) === null,
    merge(device, sensor, rollup) {
      const track = tracks.get(`${device}/${sensor}/${rollup.level}`)
      if (track) put(track, windowOf(rollup))
    },
    forget() {
      age += 1
      for (const track of tracks.values()) {
        track.covered = []
        track.failedAt = Number.NEGATIVE_INFINITY
      }
    },
  }
}

/** The first part of a stretch that no range covers; null: all of it is covered. */
export function firstMissing(
  covered: readonly { from: number; to: number }[],
  { from, to }: { from: number; to: number },
): { from: number; to: number } | null {
  let reached = from
  for (const range of covered) {
    if (range.to <= reached) continue
    if (range.from > reached) return reached < to ? { from: reached, to: Math.min(to, range.from) } : null
    reached = range.to
  }
  return reached < to ? { from: reached, to } : null
}

/** Ranges with one more, joined where they touch. */
export function addRange(
  covered: readonly { from: number; to: number }[],
  added: { from: number; to: number },
): { from: number; to: number }[] {
  const apart = covered.filter(({ from, to }) => to < added.from || from > added.to)
  const joined = covered.filter(({ from, to }) => !(to < added.from || from > added.to))
  const from = Math.min(added.from, ...joined.map((range) => range.from))
  const to = Math.max(added.to, ...joined.map((range) => range.to))
  return [...apart, { from, to }].toSorted((a, b) => a.from - b.from)
}
