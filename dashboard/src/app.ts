import type { ApiDevice, ApiLevel, ApiSession } from '@barograph/proto/api'
import { type Api, ApiFailure } from './api/client.ts'
import { createLive, type Live, type Socket, type Subscription } from './api/live.ts'
import { levels } from './measure/level.ts'
import { formatPlace, type Place, parsePlace, type RangeName } from './state/address.ts'
import { createBefore } from './state/before.ts'
import { createHistory } from './state/history.ts'
import { createModel, forgetReadings, nowOf, takeDevices, takeFrame } from './state/model.ts'
import { loadSettings, type Settings, type SettingsStorage, saveSettings } from './state/settings.ts'
import { isSignedOut, needsSignIn, type Refusal, refusalOf } from './state/session.ts'
import { suitingRange } from './state/span.ts'
import { createTold } from './state/told.ts'
import { ownZone, secondMs, zoneOf } from './time/zone.ts'
import type { Context } from './views/context.ts'
import { listen, localClock, machineTheme, themeOf } from './browser.ts'
import { createPage } from './views/page.ts'
import { createStation } from './views/station.ts'
import { byInterest, oldestTime } from './views/status.ts'

/** What the page needs of the browser. */
export interface Surroundings {
  readonly root: HTMLElement
  readonly api: Api
  readonly openSocket: (query: string) => Socket
  readonly storage: SettingsStorage | null
  readonly random: () => number
}

/** Figures change at most four times a second. */
const leastRenderMs = 250
const deliveryEveryMs = 5 * secondMs
const auditEveryMs = 60 * secondMs
const devicesEveryMs = 60 * secondMs
/** Also what keeps a session that is looked at from ending. */
const sessionEveryMs = 600 * secondMs

/** What could not be read, in words. */
const windowsOf: Readonly<Record<ApiLevel, string>> = {
  '10s': 'the last minutes',
  '1m': 'the minutes',
  hour: 'the hours',
  day: 'the days',
  week: 'the weeks',
  month: 'the months',
  year: 'the years',
}

/** Starts the page. */
export function startApp({ root, api, openSocket, storage, random }: Surroundings): void {
  const model = createModel()
  let place = parsePlace(location.search)
  let settings = loadSettings(storage)
  let chosen: string | null = null
  const suiting = new Map<string, RangeName>()
  let subscribed = ''
  let live: Live | null = null
  let renderedAt = Number.NEGATIVE_INFINITY
  let isWaiting = false
  let hasAsked = false
  const reads: (() => Promise<void>)[] = []

  const now = () => Date.now()
  const onChange = () => requestRender()
  const fail = (what: string) => (error: unknown) => {
    if (!(error instanceof ApiFailure)) throw error
    // Who has to sign in is told so instead of every single failure.
    if (isSignedOut(error.code)) void readSession()
    // No answer at all is the connection's business, and said there.
    else if (error.code !== 'unreachable')
      model.troubles.set(what, { what, detail: error.message, code: error.code })
    onChange()
  }
  const history = createHistory({
    api,
    now,
    onChange,
    onFailure: ({ level }, error) => fail(windowsOf[level])(error),
    onSuccess: ({ level }) => model.troubles.delete(windowsOf[level]),
  })
  const before = createBefore({ api, now, onChange, onFailure: fail('the readings of three hours ago') })
  const told = createTold({ api, now, onChange, onFailure: fail('the gaps') })
  const station = createStation({ history, before, told })
  const page = createPage({ root, station, history, before, onChange: () => requestRender(true), signIn })

  function requestRender(isUrgent = false): void {
    const wait = isUrgent ? 0 : Math.max(0, renderedAt + leastRenderMs - performance.now())
    if (isWaiting && !isUrgent) return
    isWaiting = true
    setTimeout(() => requestAnimationFrame(render), wait)
  }

  function render(): void {
    isWaiting = false
    renderedAt = performance.now()
    document.documentElement.dataset['theme'] = themeOf(settings)
    const device = shownDevice()
    if (isReading()) subscribe(device)
    page.update(contextFor(device), device)
  }

  function contextFor(device: ApiDevice | null): Context {
    const localNow = now()
    const isSite = settings.time === 'site' && device !== null && place.view === 'station'
    return {
      model,
      place: { ...place, range: place.range ?? rangeOf(device) },
      settings,
      machineTheme: machineTheme(),
      zone: isSite ? zoneOf(device.site?.timeZone ?? 'UTC') : ownZone(),
      now: nowOf(model, place.view === 'station' ? device : null, localNow),
      localNow,
      go,
      set,
      tryNow: () => live?.tryNow(),
      signOut: () => void signOut(),
      retry,
      refreshDevices: () => void readDevices(),
    }
  }

  /** Chosen once for each device, so that the paper stays still while data grows. */
  function rangeOf(device: ApiDevice | null): RangeName {
    if (!device) return 'week'
    const known = suiting.get(device.id)
    if (known) return known
    const oldest = oldestTime(device)
    const range = suitingRange(oldest, nowOf(model, device, now()))
    if (oldest !== null) suiting.set(device.id, range)
    return range
  }

  function go(change: Partial<Place>): void {
    const isMove = change.view !== undefined || change.device !== undefined
    place = { ...place, ...change }
    const address = formatPlace(place) || location.pathname
    if (isMove) window.history.pushState(null, '', address)
    else window.history.replaceState(null, '', address)
    if (change.view !== undefined) scrollTo(0, 0)
    requestRender(true)
  }

  function set(change: Partial<Settings>): void {
    settings = { ...settings, ...change }
    saveSettings(storage, settings)
    requestRender(true)
  }

  function retry(): void {
    model.troubles.clear()
    history.forget()
    requestRender(true)
  }

  function shownDevice(): ApiDevice | null {
    if (!model.devices) return null
    const wanted = place.device ?? chosen
    const found = wanted === null ? undefined : model.devices.get(wanted)
    if (found || place.device !== null) return found ?? null
    const best = [...model.devices.values()].toSorted(byInterest)[0]
    chosen = best?.id ?? null
    return best ?? null
  }

  function subscribe(device: ApiDevice | null): void {
    const wanted = place.view === 'station' ? (device?.id ?? place.device) : null
    const next: Subscription = wanted
      ? { devices: [wanted], levels, readings: true }
      : { devices: null, levels: ['hour'], readings: false }
    const key = JSON.stringify(next)
    if (key === subscribed) return
    subscribed = key
    if (live) live.subscribe(next)
    else
      live = createLive({ subscription: next, open: openSocket, clock: localClock, random, onFrame, onState })
  }

  function onFrame(frame: Parameters<typeof takeFrame>[1]): void {
    if (takeFrame(model, frame, now())) history.forget()
    if (frame.type === 'changes')
      for (const rollup of frame.rollups) history.merge(rollup.device, rollup.sensor, rollup)
    onChange()
  }

  function onState(state: typeof model.live): void {
    const isNews = state.phase !== model.live.phase
    model.live = state
    if (isNews && state.phase === 'open') void readDevices()
    // A handshake that is refused tells a page nothing: ask.
    if (state.phase === 'waiting') void readSession()
    if (isNews) requestRender(true)
  }

  /** Nobody has to sign in, or somebody did. A collector that does not answer is waited for like any other time. */
  const isReading = (): boolean => hasAsked && !needsSignIn(model.session)

  async function readSession(): Promise<void> {
    try {
      takeSession(await api.session())
    } catch (error) {
      // Nothing is known then, and nothing changes; the live connection says what is wrong.
      if (!(error instanceof ApiFailure)) throw error
    } finally {
      hasAsked = true
      requestRender(true)
    }
  }

  function takeSession(session: ApiSession): void {
    const before = model.session
    hasAsked = true
    model.session = session
    if (session.role === before?.role) return
    if (needsSignIn(session)) {
      live?.close()
      live = null
      subscribed = ''
      model.live = { phase: 'connecting' }
      forgetReadings(model)
    }
    history.forget()
    if (isReading()) readAll()
  }

  async function signIn(token: string): Promise<Refusal | null> {
    try {
      takeSession(await api.signIn(token))
      return null
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      return refusalOf(error)
    } finally {
      requestRender(true)
    }
  }

  async function signOut(): Promise<void> {
    await attempt('the end of the session', async () => takeSession(await api.signOut()))
  }

  async function readDevices(): Promise<void> {
    await attempt('the list of devices', async () => {
      takeDevices(model, (await api.devices()).devices)
      model.isListed = true
    })
  }

  async function attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
      model.troubles.delete(what)
      onChange()
    } catch (error) {
      fail(what)(error)
    }
  }

  function readAll(): void {
    for (const read of reads) void read()
  }

  function poll(everyMs: number, act: () => Promise<void>): void {
    reads.push(act)
    setInterval(() => {
      if (!document.hidden && model.live.phase !== 'waiting' && isReading()) void act()
    }, everyMs)
  }

  const readDelivery = () =>
    attempt('the delivery figures', async () => {
      const { total, devices } = await api.delivery()
      model.delivery = { total, devices: new Map(devices.map((each) => [each.device, each])) }
    })
  const readAudit = () =>
    attempt('the last audit', async () => {
      model.audit = (await api.audit()).audit
    })
  const readReadiness = () =>
    attempt('its own state', async () => {
      if (model.devices === null || model.devices.size === 0) model.readiness = await api.readiness()
    })

  listen({
    redraw: () => requestRender(true),
    onBack: () => {
      place = parsePlace(location.search)
      requestRender(true)
    },
    press: (event) => page.press(event),
  })
  setInterval(() => !document.hidden && requestRender(), secondMs)
  poll(deliveryEveryMs, readDelivery)
  poll(auditEveryMs, readAudit)
  poll(deliveryEveryMs, readReadiness)
  poll(devicesEveryMs, readDevices)
  setInterval(() => void readSession(), sessionEveryMs)
  void readSession().then(() => {
    // A collector that does not answer yet is asked by the polls, too.
    if (model.session === null) readAll()
  })
  render()
}
