import { describe, expect, it } from 'vitest'
import { defaultSettings, loadSettings, saveSettings } from './settings.ts'

const memory = (text: string | null = null) => {
  let kept = text
  return {
    getItem: () => kept,
    setItem: (_: string, value: string) => {
      kept = value
    },
  }
}

describe('settings', () => {
  it('come back on the next visit', () => {
    const storage = memory()
    const settings = {
      theme: 'dark',
      time: 'own',
      units: { temperature: 'degF', pressure: 'inHg', speed: 'kn' },
    } as const
    expect(saveSettings(storage, settings)).toBe(true)
    expect(loadSettings(storage)).toEqual(settings)
  })

  it.each([null, '', '{', '[]', '7', '{"theme":"pink","units":{"speed":"warp"}}'])(
    '%j is as by default',
    (text) => {
      expect(loadSettings(memory(text))).toEqual(defaultSettings)
    },
  )

  it('a browser that keeps nothing is told apart from one that does', () => {
    const full = {
      getItem: () => null,
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError')
      },
    }
    expect(saveSettings(full, defaultSettings)).toBe(false)
    expect(saveSettings(null, defaultSettings)).toBe(false)
    expect(loadSettings(null)).toEqual(defaultSettings)
  })
})
