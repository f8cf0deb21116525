import { describe, expect, it } from 'vitest'
import { createGroupCommit, type GroupLimits } from './group-commit.ts'

const roomy: GroupLimits = { waitingRecords: 100, waitingBytes: 1e6, groupRecords: 10, groupBytes: 1000 }

function createRecorder(limits: Partial<GroupLimits> = {}) {
  const commits: number[][] = []
  const failures: Error[] = []
  const group = createGroupCommit<number, string>({
    limits: { ...roomy, ...limits },
    bytesOf: (item) => item,
    commit: (items) => {
      const failure = failures.shift()
      if (failure) throw failure
      commits.push([...items])
      return items.map((item) => `place of ${item}`)
    },
  })
  return { commits, failures, group }
}

describe('group commit', () => {
  it('appends that arrive together become durable in one commit, each with its own places', async () => {
    const { commits, group } = createRecorder()
    const answers = await Promise.all([group.add([1, 2]), group.add([3]), group.add([])])
    expect(answers).toEqual([['place of 1', 'place of 2'], ['place of 3'], []])
    expect(commits).toEqual([[1, 2, 3]])
  })

  it('nothing is committed before the turn is over, and appends of the next turn go into the next commit', async () => {
    const { commits, group } = createRecorder()
    const first = group.add([1])
    expect(commits).toEqual([])
    await first
    await group.add([2])
    expect(commits).toEqual([[1], [2]])
  })

  it('a commit takes whole appends up to its bounds, and one larger append alone', async () => {
    const { commits, group } = createRecorder({ groupRecords: 3, groupBytes: 50 })
    await Promise.all([[1, 2], [3], [4], [5, 6, 7, 8], [40], [11]].map((items) => group.add(items)))
    expect(commits).toEqual([[1, 2, 3], [4], [5, 6, 7, 8], [40], [11]])
  })

  it('when a commit fails, all of its appends are told and the next ones go on', async () => {
    const { commits, failures, group } = createRecorder({ groupRecords: 2 })
    failures.push(new Error('full'))
    const answers = await Promise.allSettled([group.add([1]), group.add([2]), group.add([3])])
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(commits).toEqual([[3]])
  })

  it('what would overfill the queue is refused, and there is room again after the commit', async () => {
    const { group } = createRecorder({ waitingRecords: 4, waitingBytes: 100 })
    const waiting = [group.add([1, 2, 3])]
    await expect(group.add([4, 5])).rejects.toMatchObject({ code: 'log-overloaded', retryable: true })
    await expect(group.add([99])).rejects.toMatchObject({ code: 'log-overloaded' })
    waiting.push(group.add([4]))
    await Promise.all(waiting)
    expect(await group.add([1, 2, 3, 4, 5])).toHaveLength(5)
  })

  it('draining commits what waits at once', async () => {
    const { commits, group } = createRecorder({ groupRecords: 1 })
    const added = Promise.all([group.add([1]), group.add([2])])
    await group.drain()
    expect(commits).toEqual([[1], [2]])
    expect(await added).toEqual([['place of 1'], ['place of 2']])
  })
})
