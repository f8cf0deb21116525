import { CodedError, limits } from '@barograph/proto'
import type { SiteState } from '../core/buffer.ts'
import type { Clock } from '../core/clock.ts'
import type { Tables } from './tables.ts'

/** Unsent rows belong to the device that accepted them: under another name they would be someone else's. */
export function checkDevice(
  tables: Tables,
  options: { readonly device: string; readonly path: string; readonly holdsStreams: boolean },
): void {
  const { device, path, holdsStreams } = options
  const before = tables.device()
  if (before !== undefined && before !== device && holdsStreams)
    throw new CodedError(
      'buffer-other-device',
      `the buffer ${path} holds readings of the device ${before}, not of ${device}`,
      { hint: `run as ${before} until they are sent, or give this device a buffer.path of its own` },
    )
  if (before !== device) tables.setDevice(device)
}

export type Site = ReturnType<typeof openSite>

/**
 * The version of the site, a new one when `text` is another than before, and whether the collector knows it. Number and
 * first day of another site come from the clock: it waits until that is confirmed.
 */
export function openSite(tables: Tables, text: string, clock: Clock, validFrom: number | null) {
  const openedAtMs = clock.monotonicMs()
  const before = tables.site()
  let site: StoredSite = before?.text === text ? before : { version: 0, validFrom: 0, confirmed: false, text }
  let numbered: StoredSite | null = null
  let isChanged = false
  if (site.version === 0 && !clock.isUnconfirmed) {
    site = changedSite()
    tables.setSite(site)
  }

  function changedSite(): StoredSite {
    const now = clock.now()
    return {
      // By the clock, not from 1: a new card in an old station must not repeat a version that the collector knows.
      version: Math.max((before?.version ?? 0) + 1, Math.floor(now / 1000)),
      // The first site holds for all readings, also for those older than this program.
      validFrom:
        validFrom ?? (before ? Math.round(now - (clock.monotonicMs() - openedAtMs)) : limits.earliestTimeMs),
      confirmed: false,
      text,
    }
  }

  return {
    get state(): SiteState {
      return site
    },
    /** True: that is news, to be committed. */
    confirm(version: number): boolean {
      if (site.confirmed || site.version === 0 || version < site.version) return false
      site = { ...site, confirmed: true }
      isChanged = true
      return true
    },
    /** Inside the transaction. */
    write(): void {
      if (site.version === 0 && !clock.isUnconfirmed) numbered = changedSite()
      if (isChanged || numbered) tables.setSite(numbered ?? site)
    },
    /** Inside the transaction that begins a new file. */
    writeAnyway(): void {
      tables.setSite(site)
    },
    committed(): void {
      isChanged = false
      if (numbered) site = numbered
      numbered = null
    },
  }
}

type StoredSite = SiteState & { readonly text: string }
