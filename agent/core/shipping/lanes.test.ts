import { emptySet } from '@barograph/proto'
import { expect, test } from 'vitest'
import type { BufferedStream } from '../buffer.ts'
import { createLanes } from './lanes.ts'

test('rows of uncertain time are never live, also when they come out of a damaged buffer after the connect', () => {
  const stream: { -readonly [K in keyof BufferedStream]: BufferedStream[K] } = {
    sensor: 'attic',
    epoch: '00000000000000aa',
    intervalMs: 1_000,
    historical: false,
    lastSeq: 10,
    rows: [1, 10],
    thinned: emptySet,
    sent: [1, 10],
    untimed: emptySet,
    uncertain: [1, 10],
    clockErrorMs: 5_000,
    lost: [],
    endPending: false,
  }
  const lanes = createLanes()
  lanes.restart([stream])
  // What was known of it ended at 10.
  stream.rows = [1, 15]
  stream.uncertain = [1, 15]
  stream.lastSeq = 15
  expect(lanes.live(stream)).toEqual([])
  expect(lanes.backlog(stream)).toEqual([])
  expect(lanes.uncertain(stream)).toEqual([1, 15])
})
