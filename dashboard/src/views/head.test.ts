import { expect, it } from 'vitest'
import { otherTheme } from './head.ts'

it.each([
  ['auto', 'light', 'dark', 'dark'],
  ['dark', 'light', 'light', 'auto'],
  ['auto', 'dark', 'light', 'light'],
  ['light', 'dark', 'dark', 'auto'],
  ['dark', 'dark', 'light', 'light'],
] as const)('theme %s on a %s machine: one press shows %s and saves %s', (theme, machine, shown, setting) => {
  expect(otherTheme({ theme }, machine)).toEqual({ shown, setting })
})
