import { describe, expect, test } from 'vitest'
import { until } from '../core/uplink-contract.ts'
import { systemClock } from '../system-clock.ts'
import { createMqttUplink } from './mqtt.ts'
import { createTakeoverWatch } from './takeover.ts'
import { startTinyBroker } from './tiny-broker.ts'

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })

describe('a connection that is taken over', () => {
  test('is noticed at the third ending in a row without a reason', () => {
    const watch = createTakeoverWatch()
    expect([1, 2, 3, 4].map((i) => watch.ended(30_000 * i, true, null))).toEqual([false, false, true, true])
  })

  test('is not what a broker does that restarts, nor endings that are hours apart', () => {
    const restarting = createTakeoverWatch()
    for (let i = 0; i < 5; i++) {
      expect(restarting.ended(1_000 * i, true, null)).toBe(false)
      expect(restarting.ended(1_000 * i + 500, false, refused)).toBe(false)
    }
    const rare = createTakeoverWatch()
    for (let i = 0; i < 5; i++) expect(rare.ended(3_600_000 * i, true, null)).toBe(false)
  })

  test('is told with the way out', async () => {
    const broker = await startTinyBroker()
    const uplink = createMqttUplink({
      device: 'balcony',
      url: broker.url,
      token: null,
      clock: systemClock,
      random: () => 0,
    })
    const reasons: { code: string; hint: string | null | undefined }[] = []
    uplink.start({
      connected: () => broker.cut(),
      disconnected: ({ code, hint }) => reasons.push({ code, hint }),
      received() {},
    })
    await until(() => reasons.length >= 3)
    await uplink.close()
    await broker.close()
    expect(reasons.slice(0, 3)).toMatchObject([
      { code: 'disconnected' },
      { code: 'disconnected' },
      { code: 'name-taken', hint: expect.stringContaining('another device: name') },
    ])
  })
})
