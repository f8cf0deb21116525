import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test('a typo finds the word that was meant, something else finds nothing', () => {
  const words = ['latitude', 'longitude', 'timeZone', 'url']
  expect(nearest('latidude', words)).toBe('latitude')
  expect(nearest('timezone', words)).toBe('timeZone')
  expect(nearest('ulr', words)).toBe('url')
  expect(nearest('temperature', words)).toBe(null)
})
