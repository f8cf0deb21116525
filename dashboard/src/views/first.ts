import type { ApiReadiness } from '@barograph/proto/api'
import { h, morph } from '../dom.ts'
import type { StateLine } from './status.ts'

/** The page before any device has written. */
export interface FirstStart {
  readonly element: HTMLElement
  update(model: {
    readonly isFirst: boolean
    readonly uplinkUrl: string | null
    readonly waiting: string
  }): void
}

/** Makes the first page around an empty drum. */
export function createFirstStart(drum: HTMLElement): FirstStart {
  const say = h('div', { class: 'say' })
  const wait = h('p', { class: 'wait' })
  const element = h('main', { class: 'first' }, drum, say, wait)
  return {
    element,
    update({ isFirst, uplinkUrl, waiting }) {
      say.hidden = !isFirst
      wait.hidden = !isFirst
      if (!isFirst) return
      const next = sayView(uplinkUrl)
      morph(say, next)
      wait.textContent = waiting
    },
  }
}

function sayView(uplinkUrl: string | null): HTMLElement {
  const where = uplinkUrl ?? 'mqtt://HOST:PORT'
  const toThere = uplinkUrl && uplinkUrl !== defaultUplink ? `BAROGRAPH_UPLINK_URL=${uplinkUrl} ` : ''
  return h(
    'div',
    { class: 'say' },
    h('h2', {}, 'The paper is on the drum.', h('br'), 'No device has written yet.'),
    h('p', {}, 'Run one of these. The first line appears here by itself, a second or two later.'),
    h(
      'div',
      { class: 'steps' },
      step(
        'With sensors of your own',
        'npm run agent -- run --config agent.yaml',
        h('p', {}, 'In agent.yaml, ', h('b', {}, 'uplink.url'), ` is this collector: ${where}`),
      ),
      step(
        'No sensor at hand: eight simulated devices',
        `${toThere}npm run agent -- simulate --devices 8 --rate 4`,
      ),
      step('A device does not show up: ask it', 'npm run agent -- doctor --config agent.yaml'),
    ),
  )
}

const defaultUplink = 'mqtt://127.0.0.1:1883'

function step(title: string, command: string, ...more: HTMLElement[]): HTMLElement {
  const copy = (event: MouseEvent) => {
    const button = event.currentTarget
    void navigator.clipboard.writeText(command).then(
      () => {
        if (button instanceof HTMLElement) button.textContent = 'copied'
      },
      () => {
        if (button instanceof HTMLElement) button.textContent = 'select it'
      },
    )
  }
  return h(
    'div',
    {},
    h('h3', {}, title),
    h(
      'div',
      { class: 'command' },
      h(
        'code',
        {},
        command.split(/ (?=--)/).flatMap((part, i) => [i > 0 ? ' ' : null, h('span', {}, part)]),
      ),
      h('button', { type: 'button', 'aria-label': `copy: ${command}`, onclick: copy }, 'copy'),
    ),
    more,
  )
}

/** The state line before any device: what the collector says of itself. */
export function readinessLine(readiness: ApiReadiness | null): StateLine {
  if (!readiness) return { shape: null, strong: 'Collector', rest: ' not heard of yet.' }
  const bad = readiness.checks.filter(({ ok }) => !ok)
  if (readiness.ready) {
    const names = readiness.checks.map(({ name }) => name).filter((name) => !name.startsWith('partition'))
    const list = new Intl.ListFormat('en-GB').format(names)
    const rest = names.length
      ? `. ${list.charAt(0).toUpperCase()}${list.slice(1)} ${names.length === 1 ? 'answers' : 'answer'}.`
      : '.'
    return { shape: 'live', strong: 'Collector ready', rest }
  }
  return {
    shape: 'triangle',
    strong: 'Collector not ready',
    rest: `. ${bad.map(({ name, detail }) => `${name}: ${detail}`).join('. ')}.`,
  }
}

/** The MQTT address of this collector as the readiness checks tell it; null: they do not. */
export function uplinkOf(readiness: ApiReadiness | null, pageHost: string): string | null {
  for (const { detail } of readiness?.checks ?? []) {
    const url = /mqtts?:\/\/[^\s,;)]+/.exec(detail)?.[0]
    // A broker that listens everywhere is reached where the page is.
    if (url) return url.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${pageHost}`)
  }
  return null
}
