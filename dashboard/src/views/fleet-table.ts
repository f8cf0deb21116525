import type { ApiDevice } from '@barograph/proto/api'
import { h, s } from '../dom.ts'
import { count, figure } from '../measure/format.ts'
import { metricsOf } from '../measure/metrics.ts'
import { pointsOf } from '../measure/series.ts'
import { tendencyOf } from '../measure/tendency.ts'
import { newestValue } from '../state/station.ts'
import { preciseSpan, span } from '../time/words.ts'
import { healthyRank, isQuiet, lowBattery, rankOf, type RowParts, stationOf } from './fleet-parts.ts'
import { linkTo } from './head.ts'
import { shape } from './shapes.ts'
import { sparkline } from './sparkline.ts'
import { isNamesake, nameOf, originWords, statusOf } from './status.ts'

const columns: readonly (readonly [string, string])[] = [
  ['col-status', ''],
  ['', ''],
  ['col-spark', ''],
  ['col-temperature', ''],
  ['col-spark-2', ''],
  ['col-pressure', ''],
  ['col-words', 'middle-wide'],
  ['col-spark-3', 'wide'],
  ['col-humidity', 'wide'],
  ['col-seen', ''],
  ['col-lag', 'middle-wide'],
  ['col-backlog', 'middle-wide'],
  ['col-gaps', ''],
  ['col-battery', ''],
]

/** The fleet as a table, only rows in sight. */
export function tableView(parts: RowParts): HTMLElement {
  const { context, devices, range } = parts
  const { units } = context.settings
  const unit = { temperature: units.temperature === 'degC' ? '°C' : '°F', pressure: units.pressure }
  const filler = (rows: number) =>
    rows > 0
      ? h(
          'tr',
          { class: 'filler', 'aria-hidden': 'true' },
          h('td', { colspan: columns.length }, s('svg', { width: 1, height: rows * range.height })),
        )
      : null
  const head = (name: string, props: Record<string, string | number> = {}) =>
    h('th', { scope: 'col', ...props }, name)
  return h(
    'table',
    { class: 'fleet desk', 'aria-rowcount': devices.length + 1 },
    h(
      'colgroup',
      {},
      columns.map(([width, only]) => h('col', { class: `${width} ${only}` })),
    ),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        head('Status', { class: 'left', 'aria-sort': 'descending' }),
        head('Site', { class: 'left' }),
        head(`Temperature, ${unit.temperature}`, { class: 'ink-text ink-temperature', colspan: 2 }),
        head(`Pressure, ${unit.pressure}`, { class: 'ink-text ink-pressure', colspan: 2 }),
        head('3 h', { class: 'left words middle-wide' }),
        head('Humidity, %', { class: 'ink-text ink-humidity wide', colspan: 2 }),
        head('Last seen'),
        head('Lag', { class: 'middle-wide' }),
        head('Backlog', { class: 'middle-wide' }),
        head('Gaps'),
        head('Batt., %'),
      ),
    ),
    h(
      'tbody',
      { class: 'fleet-rows' },
      filler(range.first),
      devices.slice(range.first, range.end).map((device, i) => rowView(device, range.first + i, parts)),
      filler(devices.length - range.end),
    ),
  )
}

function rowView(device: ApiDevice, index: number, parts: RowParts): HTMLElement {
  const { context, devices, selected } = parts
  const { place, go, localNow, model } = context
  const now = localNow + model.aheadMs
  const next = devices[index + 1]
  const isGroupEnd = rankOf(device) < healthyRank && next !== undefined && rankOf(next) === healthyRank
  const { word, shape: mark, rank } = statusOf(device)
  const cells = metricCells(device, parts)
  const seen = device.lastSeen === null ? null : now - Date.parse(device.lastSeen)
  const gaps = model.delivery?.devices.get(device.id)?.gaps ?? 0
  const open = stationOf(device)
  return h(
    'tr',
    {
      class: `${isGroupEnd ? 'group' : ''}${index === selected ? ' selected' : ''}`,
      'aria-rowindex': index + 2,
      onclick: () => go(open),
    },
    h(
      'td',
      { class: 'left' },
      h('span', { class: 'fleet-status' }, shape(mark), rank === healthyRank ? word : h('b', {}, word)),
    ),
    h(
      'th',
      { class: 'left', scope: 'row' },
      linkTo(place, open, go, {}, h('b', {}, nameOf(device))),
      h(
        'span',
        { class: 'hand' },
        [isNamesake(device, devices) && device.id, causeOf(device)].filter(Boolean).join(', '),
      ),
    ),
    cells,
    h(
      'td',
      {},
      seen === null
        ? '–'
        : seen > 90_000 && device.status !== 'replayed'
          ? h('b', {}, preciseSpan(seen))
          : span(seen),
    ),
    lagCell(device.lagMs),
    h(
      'td',
      { class: `middle-wide${device.backlog ? '' : ' quiet'}` },
      device.backlog ? h('b', {}, count(device.backlog)) : '0',
    ),
    h('td', { class: gaps ? '' : 'quiet' }, gaps ? h('b', {}, count(gaps)) : '0'),
    h('td', {}, batteryView(device.batteryPercent)),
  )
}

function lagCell(lagMs: number | null): HTMLElement {
  if (lagMs === null) return h('td', { class: 'middle-wide quiet' }, '–')
  if (lagMs > 90_000) return h('td', { class: 'middle-wide' }, h('b', {}, preciseSpan(lagMs)))
  return h('td', { class: 'middle-wide quiet' }, `${figure(lagMs / 1000, 1)}\u00a0s`)
}

function batteryView(percent: number | null): HTMLElement | string {
  if (percent === null) return '–'
  const text = figure(percent, 0)
  return percent < lowBattery ? h('span', { class: 'mark' }, text) : text
}

function causeOf(device: ApiDevice): string {
  if (device.conflict) return `two agents run as ${device.id}`
  const fault = device.sensors.find((sensor) => sensor.fault)?.fault
  if (fault) return fault.detail || fault.code.replaceAll('-', ' ')
  if (device.status === 'catching-up') return 'sending its buffer'
  if (device.status === 'time-uncertain') return 'clock not set since it started'
  return originWords(device)
}

const fleetMetrics = ['temperature', 'pressure', 'humidity'] as const
const leastSpans = { temperature: 6, pressure: 6, humidity: 30 }
const sparkWidths = { temperature: 104, pressure: 112, humidity: 84 }

function metricCells(device: ApiDevice, { context, data }: RowParts): HTMLElement[] {
  const shown = metricsOf(device, context.settings.units)
  return fleetMetrics.flatMap((name) => {
    const metric = shown.find((each) => each.name === name)
    const only = name === 'humidity' ? 'wide' : ''
    const windows = metric ? data.hours(device, metric) : []
    const newest = metric && !isQuiet(device) && !metric.sensor.fault ? newestValue(metric, windows) : null
    const spark = metric
      ? sparkline(pointsOf(windows, name), {
          width: sparkWidths[name],
          height: 20,
          leastSpan: leastSpans[name],
          ink: metric.ink,
        })
      : null
    const cells = [
      h('td', { class: only }, spark),
      h('td', { class: only }, metric ? metric.figure(newest?.value) : '–'),
    ]
    if (name === 'pressure') {
      const before = metric && newest ? data.before(device, metric, newest.time) : null
      const tendency = tendencyOf(name, newest?.value ?? null, before)
      cells.push(
        h(
          'td',
          { class: 'left words quiet middle-wide' },
          tendency && tendency.difference !== null ? tendency.words : '',
        ),
      )
    }
    return cells
  })
}
