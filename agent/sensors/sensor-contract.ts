import { isCoded } from '@barograph/proto'
import { afterEach, describe, expect, test } from 'vitest'
import type { Observation, Sample, Sensor, SensorPosition } from '../core/sensor.ts'

/** One source under test: what it measures can be moved on and broken. */
export interface SensorFixture {
  /** A sensor on the source; several in turn are restarts. */
  create(): Promise<Sensor> | Sensor
  /** Makes a new observation available; null: the source has new ones at any time. */
  readonly advance: (() => Promise<void> | void) | null
  /** Breaks the source, and repairs it again; null: nothing can break. */
  readonly fail: (() => Promise<() => Promise<void> | void>) | null
  /** Makes the next read take for ever at the source; null: it cannot. */
  readonly hang: (() => void) | null
  dispose(): Promise<void>
}

/** More than any fixture needs, so that a sensor that goes in circles fails instead of hanging. */
const mostReads = 50

/** The promises of core/sensor.ts, for every implementation. */
export function describeSensorContract(name: string, open: () => Promise<SensorFixture>): void {
  describe(`${name} keeps the promises of a sensor`, () => {
    const signal = new AbortController().signal
    const cleanups: (() => Promise<void>)[] = []

    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    })

    async function start(): Promise<SensorFixture> {
      const fixture = await open()
      cleanups.push(() => fixture.dispose())
      return fixture
    }

    async function connect(fixture: SensorFixture): Promise<Sensor> {
      const sensor = await fixture.create()
      cleanups.push(() => sensor.close())
      return sensor
    }

    /** Everything that is there now, and the position after it. */
    async function drain(sensor: Sensor, from: SensorPosition): Promise<Drained> {
      const observations: Observation[] = []
      let position = from
      for (let i = 0; i < mostReads; i++) {
        const sample = await sensor.read({ position, signal })
        if (sample.kind !== 'observations') return { observations, position, last: sample }
        observations.push(...sample.observations)
        position = sample.position ?? position
        if (observations.every(({ time }) => time === null)) return { observations, position, last: sample }
      }
      throw new Error('no end of observations')
    }

    test('observations have values, whole thousandths, each metric once', async () => {
      const fixture = await start()
      const { observations } = await drain(await connect(fixture), null)
      expect(observations.length).toBeGreaterThan(0)
      for (const { values } of observations) {
        expect(values.length).toBeGreaterThan(0)
        expect(new Set(values.map(({ metric }) => metric.name)).size).toBe(values.length)
        for (const { thousandths } of values) expect(Number.isSafeInteger(thousandths)).toBe(true)
      }
    })

    test('a position survives JSON', async () => {
      const fixture = await start()
      const { position } = await drain(await connect(fixture), null)
      expect(JSON.parse(JSON.stringify(position))).toEqual(position)
    })

    test('an observation is handed out once, in one run and across a restart', async () => {
      const fixture = await start()
      const first = await connect(fixture)
      const before = await drain(first, null)
      if (before.observations.every(({ time }) => time === null)) return
      expect((await first.read({ position: before.position, signal })).kind).not.toBe('observations')
      const again = await drain(await connect(fixture), before.position)
      expect(again.observations).toEqual([])
    })

    test('a new observation comes after a restart, and only that', async () => {
      const fixture = await start()
      if (!fixture.advance) return
      const before = await drain(await connect(fixture), null)
      await fixture.advance()
      const after = await drain(await connect(fixture), before.position)
      expect(after.observations).toHaveLength(1)
      expect(before.observations.map(({ time }) => time)).not.toContain(after.observations[0]?.time)
    })

    test('without a position that there was, nothing comes again', async () => {
      const fixture = await start()
      const before = await drain(await connect(fixture), null)
      const sensor = await connect(fixture)
      // Historical ones are not asked then.
      if (sensor.historical || before.observations.every(({ time }) => time === null)) return
      const sample = await sensor.read({ position: null, isPositionLost: true, signal })
      expect(sample).toMatchObject({ kind: 'observations', observations: [] })
      const { position = null } = sample as { position?: SensorPosition }
      expect((await drain(sensor, position)).observations).toEqual([])
      if (!fixture.advance) return
      await fixture.advance()
      const after = await drain(sensor, position)
      expect(after.observations).toHaveLength(1)
      expect(before.observations.map(({ time }) => time)).not.toContain(after.observations[0]?.time)
    })

    test('what was handed out and not committed comes again', async () => {
      const fixture = await start()
      const sensor = await connect(fixture)
      const first = await sensor.read({ position: null, signal })
      const again = await sensor.read({ position: null, signal })
      expect(again).toEqual(first)
    })

    test('a failing source is a fault in words, not a rejection, and it works again afterwards', async () => {
      const fixture = await start()
      if (!fixture.fail) return
      const repair = await fixture.fail()
      const sensor = await connect(fixture)
      const sample = await sensor.read({ position: null, signal })
      const { code, detail } = sample.kind === 'fault' ? sample : { code: '', detail: '' }
      expect(code).toMatch(/^[a-z0-9-]{1,40}$/)
      expect(detail).toMatch(/^.*\S \S.*$/)
      expect(detail.length).toBeLessThanOrEqual(200)
      await repair()
      expect((await drain(await connect(fixture), null)).observations.length).toBeGreaterThan(0)
    })

    test('an aborted read settles', async () => {
      const fixture = await start()
      fixture.hang?.()
      const abort = new AbortController()
      const sensor = await connect(fixture)
      const reading = sensor.read({ position: null, signal: abort.signal })
      abort.abort()
      const sample = await reading.catch((error: unknown) => error)
      expect(isCoded(sample)).toBe(false)
      expect(sample).toHaveProperty('kind')
    })
  })
}

interface Drained {
  readonly observations: Observation[]
  readonly position: SensorPosition
  readonly last: Sample
}
