import { type Bug, inFile } from './bug.ts'

/** In the agent: its buffer and its shipping. */
export const agentBugs: readonly Bug[] = [
  {
    name: 'deleted-on-logged',
    rule: 'a row goes when it is stored, not when it is logged',
    model: '77 %',
    edits: [
      inFile(
        'agent/core/shipping/shipper.ts',
        'buffer.settle(part)',
        'buffer.settle({ ...part, stored: union(part.stored, part.logged) })',
      ),
    ],
  },
  {
    name: 'deleted-on-send',
    rule: 'a row goes when it is stored, not when it is sent',
    model: null,
    edits: [
      inFile(
        'agent/core/shipping/sender.ts',
        'outbox.transmit(bytes)',
        `outbox.transmit(bytes)
      for (const { stream, set } of portions)
        buffer.settle({ sensor: stream.sensor, epoch: stream.epoch, stored: set, refused: [], lost: [], ended: 0 })`,
      ),
    ],
  },
  {
    name: 'accepted-before-durable',
    rule: 'an entry is accepted when it is committed',
    model: null,
    edits: [
      inFile(
        'agent/buffer/sqlite.ts',
        'return accepted\n',
        'accepted.catch(() => {})\n    return Promise.resolve()\n',
      ),
    ],
  },
  {
    name: 'epoch-reused',
    rule: 'every run of the agent has an epoch of its own: numbers are never given twice',
    model: null,
    edits: [
      inFile(
        'agent/buffer/sqlite.ts',
        'const { device, path, epoch, boot, maxMb',
        'const { device, path, boot, maxMb',
      ),
      inFile(
        'agent/buffer/sqlite.ts',
        'const file = openBufferFile(',
        "const epoch = String(own.db.prepare('SELECT epoch FROM streams ORDER BY id DESC LIMIT 1').pluck().get() ?? options.epoch)\n  const file = openBufferFile(",
      ),
    ],
  },
  {
    name: 'cut-off-unseen',
    rule: 'what the tail knows and the file does not is declared lost',
    model: null,
    edits: [
      inFile(
        'agent/buffer/file.ts',
        'if (ahead.length === 0) return whole',
        'if (ahead.length >= 0) return whole',
      ),
    ],
  },
  {
    name: 'position-apart',
    rule: 'a position is committed together with the readings that it stands for',
    model: null,
    edits: [
      inFile(
        'agent/buffer/commit/acceptances.ts',
        'for (const [sensor, held] of moved) tables.setPosition(sensor, held)',
        'deferred.push(...moved)',
      ),
      inFile(
        'agent/buffer/commit/acceptances.ts',
        'function write(): Group {',
        `const deferred: [string, HeldPosition][] = []

  function write(): Group {
    for (const [sensor, held] of deferred.splice(0)) tables.setPosition(sensor, held)`,
      ),
    ],
  },
  {
    name: 'end-too-low',
    rule: 'the next run declares where an older epoch ended',
    model: null,
    edits: [
      inFile(
        'agent/core/shipping/ledger.ts',
        'map(({ sensor, epoch, lastSeq }) => ({ sensor, epoch, lastSeq }))',
        'map(({ sensor, epoch, lastSeq }) => ({ sensor, epoch, lastSeq: lastSeq - 1 }))',
      ),
    ],
  },
  {
    name: 'dropped-undeclared',
    rule: 'what is dropped is declared lost in the same transaction',
    model: null,
    edits: [
      inFile(
        'agent/buffer/commit/drops.ts',
        'tables.setLost(stream.id, withLost(stream.lost, set, cause))',
        '',
      ),
      inFile('agent/buffer/commit/drops.ts', 'stream.lost = withLost(stream.lost, set, cause)\n      }', '}'),
    ],
  },
  {
    name: 'losses-forgotten',
    rule: 'a loss is declared until it is stored, by the next run too',
    model: null,
    edits: [inFile('agent/buffer/stream-table.ts', 'lost: lost.all(row.id),', 'lost: [],')],
  },
  {
    name: 'aged-by-wall-clock',
    rule: 'a wall clock that is set expires nothing within a boot',
    model: null,
    edits: [
      inFile(
        'agent/buffer/commit/drops.ts',
        "if (stream.boot === boot) return { column: 'monotonic'",
        "if (stream.boot === '') return { column: 'monotonic'",
      ),
    ],
  },
  {
    name: 'marks-forgotten',
    rule: 'what is handed to the uplink is marked on the disk before, and never condensed',
    model: null,
    edits: [
      inFile(
        'agent/buffer/commit/marks.ts',
        'for (const [stream, set] of written) tables.setSent(stream.id, set)',
        '',
      ),
    ],
  },
  {
    name: 'loss-settled-by-word',
    rule: 'a loss that was declared is kept until it is stored',
    model: null,
    edits: [
      inFile(
        'agent/core/shipping/ledger.ts',
        'transmit(encodeBatch(batch))',
        `transmit(encodeBatch(batch))
        for (const { sensor, epoch, firstSeq, lastSeq } of batch.lost)
          buffer.settle({ sensor, epoch, stored: [], refused: [], lost: [firstSeq, lastSeq], ended: 0 })`,
      ),
    ],
  },
]
