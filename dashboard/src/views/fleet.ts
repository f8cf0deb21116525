import type { ApiDevice } from '@barograph/proto/api'
import { h, morph, s } from '../dom.ts'
import { count, counted, figure } from '../measure/format.ts'
import { metricsOf, type ShownMetric } from '../measure/metrics.ts'
import { pointsOf, type Window } from '../measure/series.ts'
import { tendencyOf } from '../measure/tendency.ts'
import { newestValue } from '../state/station.ts'
import { preciseSpan, span } from '../time/words.ts'
import type { Context } from './context.ts'
import { linkTo } from './head.ts'
import { shape } from './shapes.ts'
import { sparkline } from './sparkline.ts'
import { nameOf, originWords, statusWords } from './status.ts'

/** The fleet: a row for each device, those that need a look first. */
export interface Fleet {
  readonly element: HTMLElement
  update(context: Context, data: FleetData): void
  /** `/`, arrows and Enter. True: the key was taken. */
  press(key: string): boolean
}

/** What rows need beside the device itself; asked for rows in sight only. */
export interface FleetData {
  /** The last day's hours. */
  hours(device: ApiDevice, metric: ShownMetric): readonly Window[]
  /** The reading three hours before a time. */
  before(device: ApiDevice, metric: ShownMetric, time: number): number | null
}

const rowPx = { wide: 24, narrow: 59 }
const spareRows = 8
const lowBattery = 20

interface Filter {
  readonly name: string
  readonly matches: (device: ApiDevice) => boolean
  readonly mark: SVGElement | null
}

/** Makes the fleet; `onChange` asks to be drawn again. */
export function createFleet(options: { onChange: () => void }): Fleet {
  const { onChange } = options
  const element = h('main', { 'data-own': true })
  const body = h('div')
  element.append(body)
  let text = ''
  let filter = 'all'
  let selected = 0
  let shownDevices: readonly ApiDevice[] = []
  let last: Context | null = null

  function update(context: Context, data: FleetData): void {
    last = context
    const all = [...(context.model.devices?.values() ?? [])]
    const filters = filtersOf(all)
    const active = filters.find(({ name }) => name === filter) ?? filters[0]
    shownDevices = all
      .filter((device) => active?.matches(device) !== false && holds(device, text))
      .toSorted((a, b) => rankOf(a) - rankOf(b) || nameOf(a).localeCompare(nameOf(b)))
    selected = Math.max(0, Math.min(selected, shownDevices.length - 1))
    const isNarrow = innerWidth < 720
    const range = visible(shownDevices.length, isNarrow ? rowPx.narrow : rowPx.wide)
    const parts: RowParts = { context, data, devices: shownDevices, range, selected }
    morph(
      body,
      h(
        'div',
        {},
        headView(all, filters, active?.name ?? 'all'),
        isNarrow ? listView(parts) : tableView(parts),
        h('p', { class: 'fleet-foot desk' }, footWords(shownDevices.length), h('span', {}, sparkWords)),
      ),
    )
  }

  function headView(all: readonly ApiDevice[], filters: readonly Filter[], active: string): HTMLElement {
    const search = h('input', {
      type: 'search',
      placeholder: 'Name, id, site, sensor',
      'aria-label': 'Search devices',
      oninput: (event: Event) => {
        if (event.currentTarget instanceof HTMLInputElement) text = event.currentTarget.value
        onChange()
      },
    })
    return h(
      'div',
      { class: 'fleet-head' },
      h('label', { class: 'search' }, glass(), search, h('kbd', {}, '/')),
      h(
        'div',
        { class: 'filters', role: 'group', 'aria-label': 'Filter by status' },
        filters.map(({ name, matches, mark }) =>
          h(
            'button',
            {
              type: 'button',
              'data-key': name,
              'aria-pressed': String(name === active),
              onclick: () => {
                filter = name
                onChange()
              },
            },
            mark,
            h('b', {}, count(all.filter(matches).length)),
            ` ${name}`,
          ),
        ),
      ),
      h('span', { class: 'hand desk order' }, 'needs a look first, then by name'),
    )
  }

  /** Rows of the page that are in sight, with some to spare. */
  function visible(rows: number, height: number): { first: number; end: number; height: number } {
    const list = body.querySelector('.fleet-rows')
    const above = list ? -list.getBoundingClientRect().top : 0
    const first = Math.max(0, Math.floor(above / height) - spareRows)
    const end = Math.min(rows, Math.ceil((above + innerHeight) / height) + spareRows)
    return {
      first: Math.min(first, Math.max(0, rows - 1)),
      end: Math.max(end, Math.min(rows, first + 1)),
      height,
    }
  }

  return {
    element,
    update,
    press(key) {
      const search = body.querySelector('input')
      const isSearching = document.activeElement === search
      const chosen = shownDevices[selected]
      if (key === '/' && !isSearching) search?.focus()
      else if (key === 'ArrowDown') selected += 1
      else if (key === 'ArrowUp') selected -= 1
      else if (key === 'Enter' && chosen)
        last?.go({ view: 'station', device: chosen.id, to: null, at: null, day: null, metric: null })
      else return false
      onChange()
      return true
    },
  }
}

const sparkWords =
  'Sparklines: last 24 hours, each on its own scale, never narrower than 6\u00a0°C, 6\u00a0hPa, 30\u00a0%'

const footWords = (rows: number): string => `${counted(rows, 'device')}; ↓ ↑ to move, Enter to open.`

const rankOf = (device: ApiDevice): number => statusWords[device.status].rank

function holds(device: ApiDevice, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  const words = [device.id, nameOf(device), device.location, ...device.sensors.map(({ id }) => id)]
  return wanted === '' || words.some((word) => word.toLowerCase().includes(wanted))
}

function filtersOf(devices: readonly ApiDevice[]): Filter[] {
  const byWord = new Map<string, Filter>()
  for (const { word, shape: mark, rank } of Object.values(statusWords).toSorted((a, b) => a.rank - b.rank)) {
    const matches = (device: ApiDevice) => statusWords[device.status].word === word
    if (rank >= 0 && devices.some(matches)) byWord.set(word, { name: word, matches, mark: shape(mark) })
  }
  const isLow = ({ batteryPercent }: ApiDevice) => batteryPercent !== null && batteryPercent < lowBattery
  const filters: Filter[] = [{ name: 'all', matches: () => true, mark: null }, ...byWord.values()]
  if (devices.some(isLow))
    filters.push({ name: `battery below ${lowBattery}\u00a0%`, matches: isLow, mark: null })
  return filters
}

function glass(): SVGElement {
  return s(
    'svg',
    { viewBox: '0 0 14 14', 'aria-hidden': 'true' },
    s('path', {
      d: 'M9.3 9.3 13 13M10.4 6A4.4 4.4 0 1 1 1.6 6 4.4 4.4 0 0 1 10.4 6Z',
      class: 'ink-stroke',
      'stroke-width': 1.6,
    }),
  )
}

interface RowParts {
  readonly context: Context
  readonly data: FleetData
  readonly devices: readonly ApiDevice[]
  readonly range: { readonly first: number; readonly end: number; readonly height: number }
  readonly selected: number
}

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

function tableView(parts: RowParts): HTMLElement {
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
  const isGroupEnd = rankOf(device) < 5 && next !== undefined && rankOf(next) === 5
  const { word, shape: mark, rank } = statusWords[device.status]
  const cells = metricCells(device, parts)
  const isNamesake = devices.some((other) => other !== device && nameOf(other) === nameOf(device))
  const seen = device.lastSeen === null ? null : now - Date.parse(device.lastSeen)
  const gaps = model.delivery?.devices.get(device.id)?.gaps ?? 0
  const open = { view: 'station', device: device.id, to: null, at: null, day: null, metric: null } as const
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
      h('span', { class: 'fleet-status' }, shape(mark), rank === 5 ? word : h('b', {}, word)),
    ),
    h(
      'th',
      { class: 'left', scope: 'row' },
      linkTo(place, open, go, {}, h('b', {}, nameOf(device))),
      h('span', { class: 'hand' }, [isNamesake && device.id, causeOf(device)].filter(Boolean).join(', ')),
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
  const isSilent = device.status === 'silent' || device.status === 'offline'
  return fleetMetrics.flatMap((name) => {
    const metric = shown.find((each) => each.name === name)
    const only = name === 'humidity' ? 'wide' : ''
    const windows = metric ? data.hours(device, metric) : []
    const newest = metric && !isSilent && !metric.sensor.fault ? newestValue(metric, windows) : null
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

function listView({ context, data, devices, range }: RowParts): HTMLElement {
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
  const { word, shape: mark } = statusWords[device.status]
  const isSilent = device.status === 'silent' || device.status === 'offline'
  const figures = (['pressure', 'temperature'] as const).map((name) => {
    const metric = shown.find((each) => each.name === name)
    if (!metric) return null
    const value =
      isSilent || metric.sensor.fault ? null : newestValue(metric, data.hours(device, metric))?.value
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
      { view: 'station', device: device.id, to: null, at: null, day: null, metric: null },
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
