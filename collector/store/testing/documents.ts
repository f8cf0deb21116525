import type { CollectionName, Collections, Level, Position, StoredFigures } from '../../core/documents.ts'

/** A position of generation 0 unless told. */
export const at = (n: number, g = 0): Position => ({ g, n })

/** A device's document; `mark` goes into a field that tells versions apart. */
export const deviceOf = (device: string, o: Position, mark = ''): Collections['devices'] => ({
  id: device,
  o,
  device,
  partition: 1,
  sites: [],
  online: true,
  statusAt: 1_700_000_000_000,
  agentVersion: mark,
  location: '',
  state: '',
  batteryPercent: null,
  sensors: [],
  primary: [{ metric: 'temperature', sensor: 'bme280' }],
  lastIngest: 1_700_000_000_123,
  clock: 'synced',
  sealedUntil: { day: 1_700_000_000_000 },
})

/** A stream's document. */
export const streamOf = (device: string, sensor: string, o: Position): Collections['streams'] => ({
  id: `${device}/${sensor}`,
  o,
  device,
  sensor,
  largestTime: null,
  smallestTime: -62_135_596_800_000,
  intervalMs: 1000,
  metrics: { temperature: { unit: 'degC', kind: 'level' } },
  latest: { time: 1, values: { temperature: [-25_080, 0] } },
  mark: null,
  lateRecords: 0,
  expiredBefore: { '10s': -5 },
  lags: [[1_700_000_000_000, 1_000]],
})

/** An epoch's document. */
export const epochOf = (
  [device, sensor, epoch]: readonly [string, string, string],
  firstIngest: number,
  o: Position,
): Collections['epochs'] => ({
  id: `${device}/${sensor}/${epoch}`,
  o,
  device,
  sensor,
  epoch,
  seen: [1, 5, 9, 2 ** 47],
  expired: [1, 256],
  quarantined: {},
  lost: { 'buffer-full': [6, 6] },
  refused: {},
  ended: null,
  accepted: 2 ** 47,
  firstIngest,
})

/** A raw bucket of stream a/s with these event times. */
export const bucketOf = (
  index: number,
  times: readonly (number | null)[],
  o: Position,
): Collections['readings'] => {
  const known = times.filter((time) => time !== null)
  return {
    id: `a/s/00000000000000aa/${index}`,
    o,
    device: 'a',
    sensor: 's',
    epoch: '00000000000000aa',
    index,
    firstTime: known.length > 0 ? Math.min(...known) : null,
    lastTime: known.length > 0 ? Math.max(...known) : null,
    times,
    columns: {
      temperature: { unit: 'degC', kind: 'level', values: times.map((_, i) => (i % 3 ? i : null)) },
    },
    intervals: [[1, 256, 1000]],
    marks: [{ seq: 1, time: 5, kind: 'fault', code: 'bus', detail: 'no "answer" é\u0000\n' }],
    events: [{ first: 1, last: 256, at: at(3), what: 'quarantined', reason: 'future' }],
    summaries: [3, 7],
    newestIngest: 1_700_000_000_000,
  }
}

/** Figures whose sum may be beyond 2^53. */
export const figuresOf = (sum: number | bigint): StoredFigures => ({
  unit: 'degC',
  kind: 'level',
  count: 3,
  flagged: 1,
  suspect: 0,
  sum,
  sine: 0,
  cosine: 0,
  min: -5,
  minAt: 1,
  max: 7,
  maxAt: 2,
  first: 0,
  firstAt: 1,
  last: 7,
  lastAt: 3,
})

/** A window of stream a/s unless told. */
export const rollupOf = (
  level: Level,
  start: number,
  o: Position,
  sum: number | bigint = 98_000,
  [device, sensor]: readonly [string, string] = ['a', 's'],
): Collections['rollups'] => ({
  id: `${device}/${sensor}/${level}/${start}`,
  o,
  device,
  sensor,
  level,
  start,
  end: start + 10_000,
  timeZone: 'America/New_York',
  revision: 0,
  received: 3,
  coveredMs: 3000,
  sealed: false,
  metrics: { temperature: { ...figuresOf(sum), parts: [[start, 3, sum, -5, 7]] } },
})

/** One document of every collection, the hard values among them. */
export const samples: { readonly [C in CollectionName]: Collections[C] } = {
  settings: { id: '3', o: at(1), history: [{ at: at(0), defaultTimeZone: 'UTC', levels: ['10s', 'day'] }] },
  devices: deviceOf('balcony', at(2), '0.1.0'),
  streams: streamOf('balcony', 'bme280', at(2)),
  epochs: epochOf(['balcony', 'bme280', 'ffffffffffffffff'], 5, at(2)),
  readings: bucketOf(0, [1, null, 3], at(2 ** 43 - 2)),
  summaries: {
    id: 'a/s/00000000000000aa/7',
    o: at(9, 2),
    device: 'a',
    sensor: 's',
    epoch: '00000000000000aa',
    firstSeq: 7,
    lastSeq: 66,
    intervalMs: 1000,
    minutes: [{ start: 60_000, received: 60, metrics: { humidity: figuresOf(-(2n ** 62n)) } }],
  },
  rollups: rollupOf('day', 1_362_891_600_000, at(4), 2n ** 60n + 1n),
}
