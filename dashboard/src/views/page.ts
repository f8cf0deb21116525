import type { ApiDevice } from '@barograph/proto/api'
import { h, morph, show } from '../dom.ts'
import { count, counted } from '../measure/format.ts'
import { metricsOf } from '../measure/metrics.ts'
import type { Before } from '../state/before.ts'
import { needsSignIn, type Refusal } from '../state/session.ts'
import type { History } from '../state/history.ts'
import { newestValue } from '../state/station.ts'
import { clockSeconds, preciseSpan, span } from '../time/words.ts'
import { dayMs } from '../time/zone.ts'
import type { Context } from './context.ts'
import { createDrum } from './drum.ts'
import { emptyDrum } from './empty-drum.ts'
import { createFirstStart, readinessLine, uplinkOf } from './first.ts'
import { createFleet } from './fleet.ts'
import type { FleetData } from './fleet-parts.ts'
import { headView } from './head.ts'
import { connectionNotice, type Notice, noticeView, troubleNotices } from './notice.ts'
import { createSignIn, signInHead } from './sign-in.ts'
import { hatchDefinitions } from './shapes.ts'
import type { Station } from './station.ts'
import { nameOf, type StateLine, stateLine } from './status.ts'

/** The whole page: head, notices and the view that is shown. */
export interface Page {
  update(context: Context, device: ApiDevice | null): void
  press(event: KeyboardEvent): boolean
}

const oneReadingPerMs = 60_000

/** Makes the page inside an element. */
export function createPage(options: {
  root: HTMLElement
  station: Station
  history: History
  before: Before
  onChange: () => void
  signIn: (token: string) => Promise<Refusal | null>
}): Page {
  const { root, station, history, before, onChange } = options
  const head = h('header', { class: 'head' })
  const notices = h('div', { role: 'status' })
  const view = h('div', { 'data-own': true })
  const spoken = h('p', { class: 'unseen', 'aria-live': 'polite' })
  root.replaceChildren(h('div', { class: 'page' }, head, notices, view), spoken, hatchDefinitions())
  const fleet = createFleet({ onChange })
  const blank = createDrum({ group: 'blank', widthPx: () => view.clientWidth, onPoint: () => {} })
  const first = createFirstStart(blank.element)
  const blankBehind = createDrum({ group: 'sign-in', widthPx: () => view.clientWidth, onPoint: () => {} })
  const signIn = createSignIn({ drum: blankBehind.element, signIn: options.signIn })
  let place: Context['place'] | null = null
  let isSigningIn = false
  let saidState = ''
  let saidAt = Number.NEGATIVE_INFINITY

  function update(context: Context, device: ApiDevice | null): void {
    place = context.place
    const { model } = context
    isSigningIn = needsSignIn(model.session)
    if (isSigningIn) showSignIn(context)
    else if (context.place.view === 'fleet') showFleet(context)
    else if (device) showStation(context, device)
    else showEmpty(context, model.isListed && model.devices?.size === 0)
  }

  function showStation(context: Context, device: ApiDevice): void {
    const line = lostLine(context) ?? stateLine(device, context.now, context.zone)
    morph(head, headView(context, device, line))
    put(station.element)
    station.update(context, device)
    const all = connectionNotice(context)
    show(
      notices,
      [...(all ? [all] : []), ...troubleNotices(context), ...station.notices(context, device)]
        .slice(0, 2)
        .map(noticeView),
    )
    document.title = titleOf(device, context)
    speak(device, line, context)
  }

  function showSignIn(context: Context): void {
    morph(head, signInHead(context))
    put(signIn.element)
    show(notices)
    signIn.update()
    blankBehind.update(emptyDrum(context, ''))
    spoken.textContent = ''
    document.title = 'Sign in, Barograph'
  }

  function showFleet(context: Context): void {
    morph(head, headView(context, 'Fleet', lostLine(context) ?? fleetLine(context)))
    put(fleet.element)
    showNotices(context, [])
    fleet.update(context, fleetData(context))
    document.title = 'Fleet, Barograph'
  }

  function showEmpty(context: Context, isFirst: boolean): void {
    const {
      model,
      place: { device: wanted },
      go,
    } = context
    const title = isFirst ? 'First start' : (wanted ?? 'Barograph')
    const line =
      lostLine(context) ??
      (isFirst
        ? readinessLine(model.readiness)
        : { shape: null, strong: 'Connecting', rest: ' to the collector.' })
    const isUnknown = model.isListed && !isFirst && wanted !== null
    morph(
      head,
      headView(context, title, isUnknown ? { shape: 'open', strong: 'No such device', rest: '.' } : line),
    )
    const other: Notice = {
      mark: '',
      text: `No device is called ${wanted ?? ''} here: it never wrote to this collector.`,
      action: { name: 'show another', act: () => go({ device: null }) },
    }
    put(first.element)
    showNotices(context, isUnknown ? [other] : [])
    const uplinkUrl = uplinkOf(model.readiness, location.hostname)
    first.update({ isFirst, uplinkUrl, waiting: waitingWords(context) })
    blank.update(emptyDrum(context, 'waiting for the first reading'))
    document.title = `${title}, Barograph`
  }

  function showNotices(context: Context, more: readonly Notice[]): void {
    const connection = connectionNotice(context)
    show(
      notices,
      [...(connection ? [connection] : []), ...troubleNotices(context), ...more].slice(0, 2).map(noticeView),
    )
  }

  function put(element: HTMLElement): void {
    if (view.firstElementChild !== element) view.replaceChildren(element)
  }

  function fleetData({ localNow, model }: Context): FleetData {
    // Sparklines end at each device's own now.
    const nowOf = (device: ApiDevice) =>
      device.status === 'replayed' ? Date.parse(device.now) : localNow + model.aheadMs
    return {
      hours(device, metric) {
        const now = nowOf(device)
        const to = Math.floor(now / dayMs) * dayMs + 2 * dayMs
        const from = Math.floor((now - dayMs) / dayMs) * dayMs
        const windows = history.windows({
          device: device.id,
          sensor: metric.sensor.id,
          level: 'hour',
          from,
          to,
        })
        return windows.filter(({ end, start }) => end > now - dayMs && start <= now)
      },
      before: (device, metric, time) =>
        before.value({
          device: device.id,
          sensor: metric.sensor.id,
          metric: metric.name,
          intervalMs: metric.sensor.intervalMs,
          time,
        }),
    }
  }

  /** Says changes of state, and a reading at most once a minute. */
  function speak(device: ApiDevice, { strong }: StateLine, context: Context): void {
    const state = `${nameOf(device)}: ${strong}`
    const isNews = state !== saidState
    if (!isNews && context.localNow - saidAt < oneReadingPerMs) return
    saidAt = context.localNow
    saidState = state
    const readings = metricsOf(device, context.settings.units)
      .slice(0, 4)
      .map((metric) => `${metric.label} ${metric.figureAndUnit(newestValue(metric, [])?.value)}`)
    spoken.textContent = `${state}. ${readings.join(', ')}`
  }

  return {
    update,
    press(event) {
      const isTyping = event.target instanceof HTMLInputElement
      if (isSigningIn || event.ctrlKey || event.metaKey || event.altKey) return false
      if (place?.view === 'fleet') {
        const isOnLink = event.target instanceof Element && event.target.closest('a, button') !== null
        if ((isTyping && event.key === '/') || (isOnLink && event.key === 'Enter')) return false
        return fleet.press(event.key)
      }
      const isOnDrum = event.target instanceof Element && event.target.classList.contains('drum')
      return isOnDrum && station.press(event.key, event.shiftKey)
    },
  }
}

function lostLine({ model, localNow, zone }: Context): StateLine | null {
  const { live } = model
  if (live.phase !== 'waiting') return null
  const at = model.heardAt ?? live.lostAt
  return {
    shape: null,
    strong: `Connection lost at ${clockSeconds(at + model.aheadMs, zone)}.`,
    rest: ` Showing what arrived until then, ${span(localNow - at)} ago`,
  }
}

function fleetLine({ model }: Context): StateLine {
  const devices = [...(model.devices?.values() ?? [])]
  const backlog = devices.reduce((sum, device) => sum + device.backlog, 0)
  const [slowest] = devices
    .filter(({ lagMs }) => lagMs !== null)
    .toSorted((a, b) => (b.lagMs ?? 0) - (a.lagMs ?? 0))
  const slow =
    slowest?.lagMs && slowest.lagMs > 90_000
      ? ` Furthest behind: ${preciseSpan(slowest.lagMs)} (${nameOf(slowest)}).`
      : ''
  return {
    shape: null,
    strong: counted(devices.length, 'device'),
    rest: `.${slow} Backlog ${count(backlog)}`,
  }
}

function waitingWords({ model }: Context): string {
  const broker = model.readiness?.checks.find(({ name }) => name === 'broker')
  return broker ? `Listening for devices: ${broker.detail}.` : 'Listening for devices.'
}

function titleOf(device: ApiDevice, { settings }: Context): string {
  const first = metricsOf(device, settings.units)[0]
  const value = first ? newestValue(first, []) : null
  return first && value
    ? `${first.figureAndUnit(value.value)}, ${nameOf(device)}`
    : `${nameOf(device)}, Barograph`
}
