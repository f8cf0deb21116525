import { describe, expect, test } from 'vitest'
import { planOf } from './mongo-plans.ts'

const planner = (winningPlan: object) => ({ queryPlanner: { namespace: 'a.b', winningPlan } })

describe("what MongoDB's explain says", () => {
  test.each([
    [
      '5.0, a range',
      { stage: 'FETCH', inputStage: { stage: 'IXSCAN', indexName: 'by_time' } },
      'FETCH IXSCAN',
      'by_time',
    ],
    ['4.4, an _id', { stage: 'IDHACK' }, 'IDHACK', '_id_'],
    ['8.0, an _id', { stage: 'EXPRESS_IXSCAN', indexName: '_id_' }, 'EXPRESS_IXSCAN', '_id_'],
    [
      '7.0, in slots',
      {
        queryPlan: { stage: 'SORT', inputStage: { stage: 'COLLSCAN' } },
        slotBasedPlan: { stages: '[2] nlj inner', stage: 'x' },
      },
      'SORT COLLSCAN',
      '',
    ],
    [
      'two branches',
      {
        stage: 'SUBPLAN',
        inputStage: {
          stage: 'OR',
          inputStages: [
            { stage: 'IXSCAN', indexName: 'a' },
            { stage: 'IXSCAN', indexName: 'b' },
          ],
        },
      },
      'SUBPLAN OR IXSCAN IXSCAN',
      'a b',
    ],
  ])(
    '%s is told by its stages and indexes, and not by the plans that lost',
    (_what, winningPlan, stages, indexes) => {
      const answer = planner(winningPlan)
      const plan = planOf({
        ...answer,
        queryPlanner: { ...answer.queryPlanner, rejectedPlans: [{ stage: 'LOST' }] },
      })
      expect([plan.stages.join(' '), plan.indexes.join(' ')]).toEqual([stages, indexes])
    },
  )
})
