import { type UnitChoice, unitChoices } from '../measure/units.ts'

/** What this reader prefers, on this browser. */
export interface Settings {
  readonly theme: 'auto' | 'light' | 'dark'
  /** Whose clock: the device's site, or the reader. */
  readonly time: 'site' | 'own'
  readonly units: UnitChoice
}

/** Metric units, site time, the machine's own light or dark. */
export const defaultSettings: Settings = {
  theme: 'auto',
  time: 'site',
  units: { temperature: 'degC', pressure: 'hPa', speed: 'm/s' },
}

const key = 'barograph'

/** The part of localStorage that is used. */
export type SettingsStorage = Pick<Storage, 'getItem' | 'setItem'>

/** Reads the settings; anything unknown is as by default. Storage may be forbidden: then nothing is kept. */
export function loadSettings(storage: SettingsStorage | null): Settings {
  let saved: Record<string, unknown> = {}
  try {
    const parsed: unknown = JSON.parse(storage?.getItem(key) ?? '{}')
    if (isRecord(parsed)) saved = parsed
  } catch {
    // Not ours or damaged: start from the defaults.
  }
  const units = isRecord(saved['units']) ? saved['units'] : {}
  return {
    theme: oneOf(['auto', 'light', 'dark'], saved['theme'], defaultSettings.theme),
    time: oneOf(['site', 'own'], saved['time'], defaultSettings.time),
    units: {
      temperature: oneOf(unitChoices.temperature, units['temperature'], defaultSettings.units.temperature),
      pressure: oneOf(unitChoices.pressure, units['pressure'], defaultSettings.units.pressure),
      speed: oneOf(unitChoices.speed, units['speed'], defaultSettings.units.speed),
    },
  }
}

/** Keeps the settings for the next visit. False: the browser does not allow it. */
export function saveSettings(storage: SettingsStorage | null, settings: Settings): boolean {
  try {
    storage?.setItem(key, JSON.stringify(settings))
    return storage !== null
  } catch {
    return false
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function oneOf<T>(allowed: readonly T[], value: unknown, otherwise: T): T {
  return allowed.find((item) => item === value) ?? otherwise
}
