import type { ApiDevice } from '@barograph/proto/api'
import { h, s } from '../dom.ts'
import { type UnitChoice, unitChoices, unitSign } from '../measure/units.ts'
import { formatPlace, type Place } from '../state/address.ts'
import { isReplayed } from '../state/model.ts'
import { callerWords } from '../state/session.ts'
import type { Settings } from '../state/settings.ts'
import { clockSeconds, longDate, zoneWords } from '../time/words.ts'
import type { Context } from './context.ts'
import { brandMark, shape } from './shapes.ts'
import { compareNames, isNamesake, nameOf, originWords, type StateLine, statusOf } from './status.ts'

/** The head: who, how it is, the views, the time, the settings. */
export function headView(context: Context, title: string | ApiDevice, state: StateLine): HTMLElement {
  const { place } = context
  const isDevice = typeof title !== 'string'
  const origin = isDevice ? originWords(title) : ''
  return h(
    'header',
    { class: 'head' },
    h(
      'div',
      {},
      h(
        'div',
        { class: 'who' },
        h('span', { class: 'brand' }, brandMark(), h('span', {}, 'Barograph')),
        h('h1', {}, isDevice ? deviceMenu(context, title) : title),
        origin && h('span', { class: 'hand origin' }, origin),
      ),
      h('p', { class: 'state' }, state.shape && shape(state.shape), h('b', {}, state.strong), state.rest),
    ),
    h(
      'div',
      {},
      h(
        'nav',
        { class: 'views', 'aria-label': 'Views' },
        viewLink(context, 'station', 'Station'),
        viewLink(context, 'fleet', 'Fleet'),
      ),
      whenView(context, place.view === 'fleet', !isDevice || !isReplayed(title)),
    ),
  )
}

function viewLink({ place, go }: Context, view: Place['view'], name: string): HTMLElement {
  return linkTo(place, { view, at: null }, go, { 'aria-current': place.view === view ? 'page' : null }, name)
}

/** A link to another place, which this page goes to itself. */
export function linkTo(
  place: Place,
  change: Partial<Place>,
  go: Context['go'],
  props: Record<string, string | null>,
  ...children: Parameters<typeof h>[2][]
): HTMLElement {
  const href = formatPlace({ ...place, ...change }) || './'
  const onclick = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    go(change)
  }
  return h('a', { ...props, href, onclick }, ...children)
}

function deviceMenu(context: Context, shown: ApiDevice): HTMLElement {
  const { model, place, go, refreshDevices } = context
  const devices = [...(model.devices?.values() ?? [])].toSorted(compareNames)
  const chevron = s(
    'svg',
    { viewBox: '0 0 12 8', 'aria-hidden': 'true' },
    s('path', { d: 'M1 1.5 6 6.5 11 1.5', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6 }),
  )
  return h(
    'details',
    { class: 'menu', 'data-key': 'devices', ontoggle: refreshDevices },
    h('summary', { 'aria-label': `Device: ${nameOf(shown)}` }, nameOf(shown), chevron),
    h(
      'div',
      { class: 'panel', role: 'group', 'aria-label': 'Devices' },
      devices.map((device) =>
        linkTo(
          place,
          { device: device.id, to: null, at: null, day: null, metric: null },
          (change) => {
            closeMenus()
            go(change)
          },
          { class: 'option', 'aria-current': device.id === shown.id ? 'true' : null },
          shape(statusOf(device).shape),
          nameOf(device),
          h(
            'span',
            { class: 'hand' },
            [isNamesake(device, devices) && device.id, originWords(device) || statusOf(device).word]
              .filter(Boolean)
              .join(', '),
          ),
        ),
      ),
    ),
  )
}

/** Closes every open menu but one. */
export function closeMenus(except?: Element | null): void {
  for (const menu of document.querySelectorAll('details.menu[open]'))
    if (menu !== except) menu.removeAttribute('open')
}

function whenView(context: Context, isFleet: boolean, isWallClock: boolean): HTMLElement {
  const { zone } = context
  // A lost connection stops the drum, not the clock on the wall.
  const now = isWallClock ? context.localNow + context.model.aheadMs : context.now
  return h(
    'div',
    { class: 'when' },
    h(
      'span',
      {},
      h('b', {}, `${longDate(zone.dayOf(now))}, ${clockSeconds(now, zone)}`),
      ` ${zoneWords(now, zone)}`,
    ),
    timeButton(context, isFleet),
    unitsMenu(context),
    themeButton(context),
    callerMenu(context),
  )
}

/** The settings again, at the foot of a narrow page. */
export function footSettings(context: Context): HTMLElement {
  const { place, go } = context
  const table = h(
    'button',
    { type: 'button', class: 'said', onclick: () => go({ isTable: !place.isTable }) },
    place.isTable ? 'curves' : 'table',
  )
  const isStation = place.view === 'station'
  return h(
    'div',
    { class: 'foot-settings' },
    timeButton(context, !isStation),
    unitsMenu(context),
    themeButton(context),
    callerMenu(context),
    isStation && table,
  )
}

function timeButton({ settings, set }: Context, isFleet: boolean): HTMLElement | null {
  if (isFleet) return null
  const other = settings.time === 'site' ? 'own' : 'site'
  const name = other === 'own' ? 'your time' : 'site time'
  return h('button', { type: 'button', class: 'said', onclick: () => set({ time: other }) }, name)
}

function unitsMenu({ settings, set }: Context): HTMLElement {
  const { units } = settings
  const group = <K extends keyof UnitChoice>(kind: K, title: string, all: readonly UnitChoice[K][]) => [
    h('h3', {}, title),
    h(
      'div',
      { class: 'options', role: 'group', 'aria-label': title },
      all.map((unit) =>
        h(
          'button',
          {
            type: 'button',
            class: 'option',
            'aria-pressed': String(units[kind] === unit),
            onclick: () => set({ units: { ...units, [kind]: unit } }),
          },
          unitSign(unit),
        ),
      ),
    ),
  ]
  const shown = [units.temperature, units.pressure, units.speed].map(unitSign).join(', ')
  return h(
    'details',
    { class: 'menu to-left', 'data-key': 'units' },
    h('summary', { 'aria-label': `Units: ${shown}` }, h('span', { class: 'said' }, shown)),
    h(
      'div',
      { class: 'panel' },
      group('temperature', 'Temperature', unitChoices.temperature),
      group('pressure', 'Pressure', unitChoices.pressure),
      group('speed', 'Wind', unitChoices.speed),
    ),
  )
}

/** One press shows the other one; what the machine has anyway is followed, not pinned. */
export function otherTheme(
  { theme }: Pick<Settings, 'theme'>,
  machine: 'light' | 'dark',
): { readonly shown: 'light' | 'dark'; readonly setting: Settings['theme'] } {
  const shown = (theme === 'auto' ? machine : theme) === 'dark' ? 'light' : 'dark'
  return { shown, setting: shown === machine ? 'auto' : shown }
}

/** Who is signed in, and the way out; nothing where nobody is asked. */
function callerMenu({ model, signOut }: Context): HTMLElement | null {
  const words = model.session ? callerWords(model.session) : ''
  if (!words) return null
  const may =
    model.session?.role === 'operator' ? 'Reads, and may give orders.' : 'Reads; orders take an operator.'
  return h(
    'details',
    { class: 'menu to-left', 'data-key': 'caller' },
    h('summary', { 'aria-label': `Signed in: ${words}` }, h('span', { class: 'said' }, words)),
    h(
      'div',
      { class: 'panel' },
      h('p', { class: 'hand' }, may),
      h('button', { type: 'button', class: 'option', onclick: signOut }, 'sign out'),
    ),
  )
}

/** Changes to the other theme. */
export function themeButton({ settings, machineTheme, set }: Context): HTMLElement {
  const { shown, setting } = otherTheme(settings, machineTheme)
  return h(
    'button',
    {
      type: 'button',
      class: 'said',
      'aria-label': `Change to the ${shown} theme`,
      onclick: () => set({ theme: setting }),
    },
    shown,
  )
}
