import { encodeBatch, limits, makeBatch, type Site } from '@barograph/proto'
import type { Buffer } from '../buffer.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { SiteConfig } from '../sensor-type.ts'
import type { TimeAsking } from '../time/asking.ts'
import { shippingLimits } from './limits.ts'

/** Introduces this device: says hello and where it stands, and watches whether the collector answers. */
export function createGreeting(options: {
  readonly device: string
  readonly site: SiteConfig
  readonly buffer: Buffer
  readonly asking: TimeAsking
  readonly transmit: (bytes: Uint8Array) => void
  readonly clock: Clock
  readonly log: Log
}) {
  const { device, buffer, asking, transmit, clock, log } = options
  let over = false
  let saidHelloAtMs = 0
  let repeatMs: number = shippingLimits.siteRepeatMs
  let siteSilentAtMs = Number.POSITIVE_INFINITY

  /** Who we are, where we stand, and what we have: asks for a receipt, and for the time. */
  function sayHello(): void {
    saidHelloAtMs = clock.monotonicMs()
    const streams = buffer.streams().map(({ sensor, epoch }) => ({ sensor, epoch }))
    const { version: siteVersion } = buffer.site
    for (let at = 0; at === 0 || at < streams.length; at += limits.streamsPerHello) {
      const hello = streams.slice(at, at + limits.streamsPerHello)
      const site = siteVersion > 0 ? makeSite() : null
      transmit(
        encodeBatch(makeBatch(device, { siteVersion, site, hello, ...(at === 0 ? asking.ask() : {}) })),
      )
    }
  }

  function makeSite(): Site {
    const { version, validFrom } = buffer.site
    return { ...options.site, version, validFrom }
  }

  return {
    /** A new connection: nobody has answered on it. */
    restart(nowMs: number): void {
      over = false
      repeatMs = shippingLimits.siteRepeatMs
      siteSilentAtMs = nowMs + shippingLimits.siteSilentMs
    },
    sayHello,
    /** Not more often than it may: rarer and rarer on one connection. */
    repeatSite(): void {
      if (clock.monotonicMs() - saidHelloAtMs < repeatMs) return
      repeatMs = Math.min(2 * repeatMs, shippingLimits.longestRepeatMs)
      sayHello()
    },
    /** The hello was answered, or waited for long enough: backfill may begin. */
    isOver: (): boolean => over,
    /** A receipt came. */
    answer(): void {
      over = true
    },
    /** Waits no longer than it may. */
    giveUp(nowMs: number): void {
      if (!over && nowMs - saidHelloAtMs >= shippingLimits.greetingMs) over = true
    },
    /** Once for each connection: the cause is at the other end, where the reason stands among the dead letters. */
    tellSiteSilent(nowMs: number): void {
      if (buffer.site.confirmed || nowMs < siteSilentAtMs) return
      siteSilentAtMs = Number.POSITIVE_INFINITY
      log.warn(
        { hint: 'does the collector store anything? if it refused the site, its dead letters say why' },
        'the collector has not confirmed where this device stands: readings wait in the buffer until it does',
      )
    },
  }
}
