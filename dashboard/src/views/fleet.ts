import type { ApiDevice } from '@barograph/proto/api'
import { h, morph, s } from '../dom.ts'
import { count, counted } from '../measure/format.ts'
import type { Context } from './context.ts'
import { listView } from './fleet-list.ts'
import { type FleetData, lowBattery, rankOf, type RowParts, stationOf } from './fleet-parts.ts'
import { tableView } from './fleet-table.ts'
import { shape } from './shapes.ts'
import { compareNames, nameOf, statusWords } from './status.ts'

/** The fleet: a row for each device, those that need a look first. */
export interface Fleet {
  readonly element: HTMLElement
  update(context: Context, data: FleetData): void
  /** `/`, arrows and Enter. True: the key was taken. */
  press(key: string): boolean
}

const rowPx = { wide: 24, narrow: 59 }
const spareRows = 8

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
      .toSorted((a, b) => rankOf(a) - rankOf(b) || compareNames(a, b))
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
        all.length === 0
          ? h('p', { class: 'hand' }, 'No device has written yet. Station shows how one begins.')
          : h('p', { class: 'fleet-foot desk' }, footWords(shownDevices.length), h('span', {}, sparkWords)),
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
      else if (key === 'Enter' && chosen) last?.go(stationOf(chosen))
      else return false
      onChange()
      return true
    },
  }
}

const sparkWords =
  'Sparklines: last 24 hours, each on its own scale, never narrower than 6\u00a0°C, 6\u00a0hPa, 30\u00a0%'

const footWords = (rows: number): string => `${counted(rows, 'device')}; ↓ ↑ to move, Enter to open.`

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
