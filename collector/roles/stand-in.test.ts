import { CodedError } from '@barograph/proto'
import { expect, test } from 'vitest'
import { createPlace } from './stand-in.ts'

function createRecorder() {
  const events: string[] = []
  const place = createPlace(
    async (trouble) => {
      events.push(`stand-in: ${trouble()}`)
      return { close: async () => void events.push('stand-in gone') }
    },
    {
      clock: { sleep: async () => {} },
      log: { warn: () => {}, info: () => {} },
    },
  )
  return { events, place }
}

const away = new CodedError('store-unreachable', 'MongoDB is away', { retryable: true })

test('a server that finds the store away again leaves its place to the one who says so, and gets it later', async () => {
  const { events, place } = createRecorder()
  await place.wait('Kafka is away')
  let tries = 0
  const server = await place.take(async () => {
    events.push('server')
    if (tries++ === 0) throw away
    return 'it'
  })
  expect(server).toBe('it')
  expect(events).toEqual([
    'stand-in: Kafka is away',
    'stand-in gone',
    'server',
    'stand-in: MongoDB is away',
    'stand-in gone',
    'server',
  ])
})

test('nobody stands in where nothing is away, and other failures are not waited out', async () => {
  const { events, place } = createRecorder()
  expect(await place.take(async () => 'it')).toBe('it')
  const inUse = new CodedError('port-in-use', 'the port is in use')
  await expect(place.take(() => Promise.reject(inUse))).rejects.toBe(inUse)
  expect(events).toEqual([])
})
