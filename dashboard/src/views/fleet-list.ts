import type { ApiDevice } from '@barograph/proto/api'
import { h, s } from '../dom.ts'
import { metricsOf } from '../measure/metrics.ts'
import { pointsOf } from '../measure/series.ts'
import { newestValue } from '../state/station.ts'
import { span } from '../time/words.ts'
import type { Context } from './context.ts'
import { type FleetData, isQuiet, type RowParts, stationOf } from './fleet-parts.ts'
import { linkTo } from './head.ts'
import { shape } from './shapes.ts'
import { sparkline } from './sparkline.ts'
import { nameOf, statusOf } from './status.ts'

/** The fleet as a list for narrow pages, only rows in sight. */
export function listView({ context, data, devices, range }: RowParts): HTMLElement {
  const filler = (rows: number) =>
    rows > 0
      ? h(
          'li',
          { class: 'filler', 'aria-hidden': 'true' },
          s('svg', { width: 1, height: rows * range.height }),
        )
      : null
  return h(
    'ul',
    { class: 'fleet-list fleet-rows phone' },
    filler(range.first),
    devices.slice(range.first, range.end).map((device) => listRow(device, context, data)),
    filler(devices.length - range.end),
  )
}

function listRow(device: ApiDevice, context: Context, data: FleetData): HTMLElement {
  const { place, go, settings, localNow, model } = context
  const shown = metricsOf(device, settings.units)
  const { word, shape: mark } = statusOf(device)
  const figures = (['pressure', 'temperature'] as const).map((name) => {
    const metric = shown.find((each) => each.name === name)
    if (!metric) return null
    const value =
      isQuiet(device) || metric.sensor.fault ? null : newestValue(metric, data.hours(device, metric))?.value
    return h('div', {}, h('b', { class: `ink-text ${metric.ink}` }, metric.figure(value)), ` ${metric.unit}`)
  })
  const drawn = shown.find(({ name }) => name === 'pressure') ?? shown[0]
  const spark = drawn
    ? sparkline(pointsOf(data.hours(device, drawn), drawn.name), {
        width: 70,
        height: 28,
        leastSpan: drawn.leastSpan,
        ink: drawn.ink,
      })
    : h('span')
  const age =
    device.lastSeen && device.status === 'live'
      ? `, ${span(localNow + model.aheadMs - Date.parse(device.lastSeen))}`
      : ''
  return h(
    'li',
    {},
    linkTo(
      place,
      stationOf(device),
      go,
      {},
      h(
        'div',
        {},
        h('div', { class: 'site' }, nameOf(device)),
        h('div', { class: 'fleet-status' }, shape(mark), `${word}${age}`),
      ),
      spark,
      h('div', { class: 'figures-2' }, figures),
    ),
  )
}
