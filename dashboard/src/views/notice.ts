import { h } from '../dom.ts'
import type { Context } from './context.ts'

/** One line under the head: a mark, a sentence, one action. */
export interface Notice {
  readonly mark: string
  readonly text: string
  readonly action: { readonly name: string; readonly act: () => void } | null
}

const ordinals = [
  'First',
  'Second',
  'Third',
  'Fourth',
  'Fifth',
  'Sixth',
  'Seventh',
  'Eighth',
  'Ninth',
  'Tenth',
]

/** What there is to say of the connection. */
export function connectionNotice({ model, localNow, tryNow }: Context): Notice | null {
  const { live } = model
  if (live.phase === 'open') return null
  if (live.phase === 'connecting')
    return { mark: '', text: 'Connecting to the collector. Drawing what is stored meanwhile.', action: null }
  const seconds = Math.max(0, Math.ceil((live.nextAt - localNow) / 1000))
  const which = ordinals[live.tries - 1] ?? `${live.tries}th`
  return {
    mark: seconds > 0 ? `Reconnecting in ${seconds}\u00a0s` : 'Reconnecting',
    text: `${which} try. Nothing is lost: the collector sends what was missed as soon as it answers.`,
    action: { name: 'try now', act: tryNow },
  }
}

/** What the collector could not read. */
export function troubleNotices({ model, retry }: Context): Notice[] {
  if (model.live.phase === 'waiting') return []
  return [...model.troubles.values()].slice(0, 1).map(({ what, detail, code }) => ({
    mark: `The collector could not read ${what}`,
    text: `${detail} (problem: ${code}). The rest of the page is up to date.`,
    action: { name: 'try again', act: retry },
  }))
}

/** A notice as it is shown. */
export function noticeView({ mark, text, action }: Notice): HTMLElement {
  return h(
    'div',
    { class: 'notice' },
    mark && h('span', { class: 'mark' }, mark),
    h('span', {}, text),
    action && h('button', { type: 'button', onclick: action.act }, action.name),
  )
}
