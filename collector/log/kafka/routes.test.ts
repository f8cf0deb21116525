import { partitionOf } from '@barograph/proto'
import { describe, expect, test } from 'vitest'
import { layOut, logIdOf, type Route } from './routes.ts'

const routes: readonly Route[] = [
  { device: 'plant-a-7', topic: 'ours.readings' },
  { device: 'plant-a-*', topic: 'plant-a' },
  { device: '*-roof', topic: 'roofs' },
  { device: 'plant-b-*-x', topic: 'plant-a' },
]
const layout = layOut('ours.readings', 4, routes)

describe('devices in several topics', () => {
  test.each([
    ['balcony', 'ours.readings'],
    ['plant-a-1', 'plant-a'],
    ['plant-a-7', 'ours.readings'],
    ['plant-a-roof', 'plant-a'],
    ['plant-a', 'ours.readings'],
    ['my-plant-a-1', 'ours.readings'],
    ['shed-roof', 'roofs'],
    ['plant-b-2-x', 'plant-a'],
  ])('%s is in %s: the first route that fits holds', (device, topic) => {
    const partition = layout.partitionOf(device)
    expect(layout.placeOf(partition)).toEqual({ topic, partition: partitionOf(device, 4) })
    expect(layout.numberOf(topic, partitionOf(device, 4))).toBe(partition)
  })

  test("the log's partitions are those of the topics, one after the other", () => {
    expect(layout.topics).toEqual(['ours.readings', 'plant-a', 'roofs'])
    expect(layout.partitions).toBe(12)
    const places = Array.from({ length: 12 }, (_, partition) => layout.placeOf(partition))
    expect(new Set(places.map(({ topic, partition }) => `${topic} ${partition}`)).size).toBe(12)
    expect(places.map(({ topic, partition }) => layout.numberOf(topic, partition))).toEqual([
      ...places.keys(),
    ])
  })

  test("without routes its id is the topic's; another topic, number, route or order is another log", () => {
    const ids = ['AAAAAAAAAAAAAAAAAAAAAA', 'BBBBBBBBBBBBBBBBBBBBBB', 'CCCCCCCCCCCCCCCCCCCCCC']
    expect(logIdOf(ids.slice(0, 1), 4, [])).toBe(`${ids[0]}-4`)
    const found = [
      logIdOf(ids, 4, routes),
      logIdOf(ids, 8, routes),
      logIdOf(ids.toReversed(), 4, routes),
      logIdOf(ids, 4, routes.toReversed()),
      logIdOf(ids, 4, routes.slice(1)),
      logIdOf(ids.slice(0, 1), 4, []),
      logIdOf(ids.slice(0, 1), 8, []),
    ]
    expect(new Set(found).size).toBe(found.length)
    expect(logIdOf(ids, 4, routes)).toBe(found[0])
  })
})
