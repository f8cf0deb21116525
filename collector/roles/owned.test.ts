import { expect, it } from 'vitest'
import { createOwned } from './owned.ts'

function createRecorder() {
  const events: string[] = []
  const ends = new Map<number, () => void>()
  const owned = createOwned(
    async (partition, signal) => {
      events.push(`begin ${partition}`)
      await new Promise<void>((resolve) => {
        ends.set(partition, resolve)
        signal.addEventListener('abort', () => events.push(`told ${partition}`))
      })
      events.push(`end ${partition}`)
    },
    (error) => events.push(String(error)),
  )
  const end = async (partition: number) => {
    ends.get(partition)?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { events, owned, end }
}

it('begins what comes, ends what goes, and leaves the others alone', async () => {
  const { events, owned, end } = createRecorder()
  owned.want(new Set([0, 1]))
  owned.want(new Set([1, 2]))
  await end(0)
  expect(events).toEqual(['begin 0', 'begin 1', 'told 0', 'begin 2', 'end 0'])
  expect(owned.partitions()).toEqual([1, 2])
})

it('a partition that comes back before it has ended begins again after that, once', async () => {
  const { events, owned, end } = createRecorder()
  owned.want(new Set([3]))
  owned.want(new Set())
  owned.want(new Set([3]))
  expect(events).toEqual(['begin 3', 'told 3'])
  await end(3)
  expect(events).toEqual(['begin 3', 'told 3', 'end 3', 'begin 3'])
})

it('closing waits for all of them', async () => {
  const { events, owned, end } = createRecorder()
  owned.want(new Set([0]))
  const closed = owned.close().then(() => events.push('closed'))
  expect(events).toEqual(['begin 0', 'told 0'])
  await end(0)
  await closed
  expect(events).toEqual(['begin 0', 'told 0', 'end 0', 'closed'])
})

it('what comes after the end was asked for is never begun', async () => {
  const { events, owned, end } = createRecorder()
  owned.want(new Set([0]))
  const closed = owned.close()
  owned.want(new Set([0, 1]))
  await end(0)
  await closed
  owned.want(new Set([1]))
  expect(events).toEqual(['begin 0', 'told 0', 'end 0'])
})
