import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore, endOfTime } from './store-reader.ts'
import { createStretches, type Item } from './stretch.ts'
import { createWorld, fillWorld, makeRun, seeded, type World } from './testing/world.ts'

let world: World
beforeAll(async () => {
  world = createWorld({ partitions: 1 })
  await fillWorld(world, 31)
  // Readings in no order of time at all: every bucket spans the whole stream.
  const random = seeded(8)
  const run = makeRun({ random, sensor: 'wild', count: 900, start: 0 })
  const times = run.times.map((_, i) => (i % 7 === 0 ? 5_000 : Math.floor((random() - 0.5) * 1e13)))
  await world.send('balcony', { runs: [{ ...run, times }] })
  await world.fold()
})
afterAll(() => world.close())

function stretchesOf(device: string, sensor: string, limit: number): Item[][] {
  const store = openStore(world.storePath)
  const take = createStretches({ store, device, sensor, expired: { of: () => 'none', isAny: false }, limit })
  const stretches: Item[][] = []
  for (let from = -endOfTime; from < endOfTime; ) {
    const { items, end } = take(from)
    expect(end).toBeGreaterThan(from)
    for (const { time } of items) expect(time >= from && time < end).toBe(true)
    stretches.push([...items])
    from = end
  }
  store.close()
  return stretches
}

describe('stretches of time', () => {
  test.each([
    ['balcony', 'bme280'],
    ['balcony', 'owm'],
    ['balcony', 'wild'],
    ['cellar', 'bme280'],
  ])('hold every reading of %s/%s once, few at a time', (device, sensor) => {
    const [all] = stretchesOf(device, sensor, 1e9) as [Item[]]
    const few = stretchesOf(device, sensor, 200)
    const key = ({ time, at, minute }: Item): string => `${time} ${at.n} ${minute?.received ?? ''}`
    expect(few.flat().map(key).sort()).toEqual(all.map(key).sort())
    expect(few.length).toBeGreaterThan(all.length / 200 - 1)
    expect(few.length).toBeLessThan(all.length / 40)
    expect(Math.max(...few.map((items) => items.length))).toBeLessThanOrEqual(200)
  })

  test('are as short as a millisecond, and no shorter', () => {
    const few = stretchesOf('balcony', 'wild', 20)
    // Each seventh reading is of the same moment.
    expect(Math.max(...few.map((items) => items.length))).toBe(Math.ceil(900 / 7))
    expect(few.flat()).toHaveLength(900)
  })
})
