import type { LiveClock } from './api/live.ts'
import type { Settings } from './state/settings.ts'
import { closeMenus } from './views/head.ts'

/** The browser's own clock. */
export const localClock: LiveClock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
}

const darkQuery = matchMedia('(prefers-color-scheme: dark)')

/** Light or dark, as the machine has it. */
export const machineTheme = (): 'light' | 'dark' => (darkQuery.matches ? 'dark' : 'light')

/** Light or dark, as chosen or as the machine has it. */
export function themeOf({ theme }: Settings): 'light' | 'dark' {
  return theme === 'auto' ? machineTheme() : theme
}

/** Hears all that changes the page from outside of its own elements. */
export function listen(options: {
  redraw: () => void
  onBack: () => void
  /** True: the key was taken. */
  press: (event: KeyboardEvent) => boolean
}): void {
  const { redraw, onBack, press } = options
  addEventListener('resize', redraw)
  addEventListener('popstate', onBack)
  darkQuery.addEventListener('change', redraw)
  matchMedia('(forced-colors: active)').addEventListener('change', redraw)
  document.addEventListener('visibilitychange', redraw)
  document.addEventListener('scroll', redraw, { passive: true })
  // Widths of words are known only when the faces are there.
  void document.fonts.ready.then(redraw)
  document.addEventListener('click', (event) => {
    closeMenus(event.target instanceof Element ? event.target.closest('details.menu') : null)
  })
  document.addEventListener('keydown', (event) => {
    const open = document.querySelector('details.menu[open]')
    if (event.key === 'Escape' && open) {
      closeMenus()
      open.querySelector('summary')?.focus()
    } else if (press(event)) event.preventDefault()
  })
}
