import type { Place, RangeName } from '../state/address.ts'
import type { Model } from '../state/model.ts'
import type { Settings } from '../state/settings.ts'
import type { Zone } from '../time/zone.ts'

/** A place whose range is known. */
export type ShownPlace = Place & { readonly range: RangeName }

/** What every view is drawn from, and how it says what the reader did. */
export interface Context {
  readonly model: Model
  readonly place: ShownPlace
  readonly settings: Settings
  /** Light or dark, as the machine has it. */
  readonly machineTheme: 'light' | 'dark'
  /** The zone times are shown in: the site's or the reader's. */
  readonly zone: Zone
  /** The shown device's now. */
  readonly now: number
  readonly localNow: number
  go(change: Partial<Place>): void
  set(change: Partial<Settings>): void
  tryNow(): void
  signOut(): void
  retry(): void
  refreshDevices(): void
}
