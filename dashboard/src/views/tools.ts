import { h } from '../dom.ts'
import { type RangeName, rangeNames } from '../state/address.ts'
import { turned } from '../state/span.ts'
import type { Context } from './context.ts'
import { stepArrow } from './shapes.ts'

const words: Readonly<Record<RangeName, string>> = {
  '5min': '5\u00a0min',
  hour: 'Hour',
  day: 'Day',
  week: 'Week',
  month: 'Month',
  year: 'Year',
  all: 'All',
}

/** The range bar, steps back and forward, and the table. */
export function toolsView({ place, now, go }: Context, legend: string): HTMLElement {
  const { range, to, isTable } = place
  const button = (name: RangeName) =>
    h(
      'button',
      {
        type: 'button',
        class: name === 'all' ? 'desk' : null,
        'aria-pressed': String(name === range),
        onclick: () => go({ range: name, ...(name === 'all' ? { to: null } : {}) }),
      },
      words[name],
    )
  const step = (direction: 1 | -1, name: string, isOff: boolean) =>
    h(
      'button',
      {
        type: 'button',
        class: 'arrow',
        'aria-label': name,
        disabled: isOff,
        onclick: () => go({ to: turned(range, to, now, direction), at: null }),
      },
      stepArrow(direction < 0 ? 'back' : 'forward'),
    )
  return h(
    'div',
    { class: 'tools', role: 'toolbar', 'aria-label': 'Range' },
    h('span', { class: 'group' }, rangeNames.map(button)),
    h('span', { class: 'group desk' }, step(-1, 'Earlier', range === 'all'), step(1, 'Later', to === null)),
    h('span', { class: 'gap desk' }),
    h('span', { class: 'hand desk' }, legend),
    h(
      'button',
      {
        type: 'button',
        class: 'desk',
        'aria-pressed': String(isTable),
        onclick: () => go({ isTable: !isTable }),
      },
      'Table',
    ),
  )
}
