import type { Position } from '../core/documents.ts'
import type { Checkpoint, Store } from '../core/store.ts'
import type { SqliteFile } from '../sqlite-file.ts'
import { promised } from './rows.ts'

interface CheckpointRow {
  partition: number
  log_id: string
  g: number
  n: number
  reach: number
  reach_hash: string | null
  phase: string | null
  swaps: number
  before_g: number | null
  before_n: number | null
}

type CheckpointCalls = Pick<
  Store,
  'checkpoint' | 'createCheckpoint' | 'raiseReach' | 'advance' | 'changePhase' | 'beginNewLog'
>

/** How far each partition is folded, and who may go on. One statement each: comparing and changing are one step. */
export function createCheckpoints({ db, guard, transact }: SqliteFile): CheckpointCalls {
  const select = db.prepare<[number], CheckpointRow>('SELECT * FROM checkpoints WHERE partition = ?')
  const find = (partition: number): Checkpoint | null => {
    const row = select.get(partition)
    if (row === undefined) return null
    const { log_id: logId, reach_hash: reachHash, g, n, reach, phase, swaps } = row
    const before =
      row.before_g === null || row.before_n === null ? null : { g: row.before_g, n: row.before_n }
    return { partition, logId, position: { g, n }, reach, reachHash, phase, swaps, before }
  }
  const insert = db.prepare(
    'INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (partition) DO NOTHING',
  )
  const raise = db.prepare(`UPDATE checkpoints SET
      reach_hash = CASE WHEN @reach > reach THEN @hash ELSE reach_hash END, reach = max(reach, @reach)
    WHERE partition = @partition AND g = @generation AND swaps = @swaps AND phase IS NULL`)
  const move = db.prepare(`UPDATE checkpoints SET n = max(n, @n)
    WHERE partition = @partition AND g = @g AND swaps = @swaps AND phase IS NULL`)
  const change = db.prepare(
    `UPDATE checkpoints SET phase = @to, before_g = iif(@to IS NULL, NULL, before_g),
       before_n = iif(@to IS NULL, NULL, before_n)
     WHERE partition = @partition AND phase IS @from`,
  )
  const begin =
    db.prepare(`UPDATE checkpoints SET before_g = g, before_n = n, log_id = @logId, g = @g, n = @n,
      reach = @reach, reach_hash = @reachHash, phase = @to
    WHERE partition = @partition AND g = @generation AND phase IS @from`)
  return {
    checkpoint: promised((partition) => guard(() => find(partition))),
    createCheckpoint: promised((c) =>
      transact(() => {
        const { g, n } = c.position
        const before = [c.before?.g ?? null, c.before?.n ?? null]
        insert.run(c.partition, c.logId, g, n, c.reach, c.reachHash, c.phase, c.swaps, ...before)
        return find(c.partition) ?? c
      }),
    ),
    raiseReach: promised((partition, generation, reach, hash, swaps) =>
      guard(() => raise.run({ partition, generation, reach, hash, swaps }).changes === 1),
    ),
    advance: promised((partition, { g, n }: Position, swaps) =>
      guard(() => move.run({ partition, g, n, swaps }).changes === 1),
    ),
    changePhase: promised((partition, from, to) =>
      guard(() => change.run({ partition, from, to }).changes === 1),
    ),
    beginNewLog: promised((from, { logId, position: { g, n }, reach, reachHash, phase: to }) =>
      guard(() => {
        const { partition, position, phase } = from
        const generation = position.g
        const values = { partition, generation, from: phase, logId, g, n, reach, reachHash, to }
        return begin.run(values).changes === 1
      }),
    ),
  }
}
