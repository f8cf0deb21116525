import type { ApiSensor } from '@barograph/proto/api'
import { shownMetric } from '../measure/metrics.ts'
import { spanOf } from '../state/span.ts'
import type { Context } from './context.ts'
import type { DrumModel } from './drum.ts'

const nobody: ApiSensor = {
  id: '',
  type: '',
  origin: 'measured',
  intervalMs: 0,
  metrics: {},
  finestLevel: '10s',
  newest: null,
  oldest: null,
  fault: null,
  silent: false,
  backlog: 0,
  expiredBefore: {},
}

const ruledFor = [
  ['pressure', { label: 'Pressure', unit: 'hPa', kind: 'level' }],
  ['temperature', { label: 'Temperature', unit: 'degC', kind: 'level' }],
  ['humidity', { label: 'Humidity', unit: '%RH', kind: 'level' }],
] as const

/** The sheet, ruled and ready, its pens parked at now. */
export function emptyDrum({ now, zone, settings, place }: Context, remark: string): DrumModel {
  const metrics = ruledFor.map(([name, metric]) => shownMetric(name, metric, nobody, settings.units))
  const isNarrow = innerWidth < 720
  return {
    strips: metrics.map((metric) => ({
      metric,
      hasGusts: false,
      points: [],
      gaps: [],
      tip: null,
      isLifted: true,
      isBlank: true,
      rangeKey: `blank ${place.range} ${metric.unit}`,
      sentence: `${metric.label}: no reading yet.`,
    })),
    readings: metrics.map((metric, i) => ({
      metric,
      qualifier: '',
      value: null,
      isOld: true,
      fault: null,
      tendency: null,
      low: null,
      high: null,
      remark,
      isPicked: false,
      isLast: i === metrics.length - 1,
      onPick: () => {},
    })),
    span: spanOf({ range: place.range, to: null, now, oldest: null, nowLabel: 'now' }),
    zone,
    remarks: [],
    causes: [],
    flag: null,
    heights: isNarrow ? [90, 70, 50] : [236, 190, 160],
  }
}
