import type { Edit } from './edit.ts'

/** A rule of the protocol, broken on purpose: the simulation has to notice. */
export interface Bug {
  readonly name: string
  /** What is wrong, and which promise that breaks. */
  readonly rule: string
  /** In how many runs the first models of the protocol found it; null: they did not know it. */
  readonly model: string | null
  readonly edits: readonly Edit[]
}

const inFile = (file: string, find: string, replace: string): Edit => ({ file, find, replace })

const collectorBugs: readonly Bug[] = [
  {
    name: 'receipt-from-bridge',
    rule: 'what the bridge refuses is a record of the log, and only that makes the receipt',
    model: '43 %',
    edits: [
      inFile(
        'collector/core/bridge.ts',
        'device !== null && value !== null\n          ?',
        'device !== null && value !== null && false\n          ?',
      ),
      inFile(
        'collector/core/bridge.ts',
        'value: payload },\n      logged: null,',
        'value: payload },\n      logged: device === null ? null : () => logged(device, refused),',
      ),
      inFile(
        'collector/core/receipts.ts',
        'saying.logged = addRange(saying.logged, firstSeq, lastSeq)\n      }',
        `saying.logged = addRange(saying.logged, firstSeq, lastSeq)
      }
      for (const one of ranges)
        if ('reason' in one) {
          const saying = sayingOf(streams, one.sensor, one.epoch)
          saying.refused = [...saying.refused, { firstSeq: one.firstSeq, lastSeq: one.lastSeq, reason: String(one.reason) }]
        }`,
      ),
    ],
  },
  {
    name: 'blind-writes',
    rule: 'a document is written only where the stored one is not as far',
    model: '84 %',
    edits: [inFile('collector/store/upsert.ts', "${when === 'newer' ? guard : ''}", '')],
  },
  {
    name: 'gap-heals-early',
    rule: 'a gap heals with the last number that it lacks',
    model: null,
    edits: [
      inFile(
        'collector/core/gaps.ts',
        'if (!hasAll(seen, gap.first, gap.last)) open.push(gap)',
        'if (!has(seen, gap.last)) open.push(gap)',
      ),
    ],
  },
  {
    name: 'new-by-presence',
    rule: 'whether a number is new is told by the record that brought it, not by whether it is there',
    model: '33 %',
    edits: [
      inFile(
        'collector/core/fold/brought.ts',
        'if (isBefore(at, bucket.o)) return arrival !== null && isSame(arrival, at)',
        'if (isBefore(at, bucket.o)) return arrival === null',
      ),
    ],
  },
  {
    name: 'no-skip',
    rule: 'a document that is further than a record holds it already',
    model: '58 %',
    edits: [inFile('collector/core/fold/edit.ts', 'if (isBefore(record.at, state.o)) return null', '')],
  },
  {
    name: 'dirty-kept',
    rule: 'an owner that was overtaken drops its whole cache, what it has changed too',
    model: '8 %',
    edits: [
      inFile(
        'collector/core/roll.ts',
        'const announced = Promise.withResolvers<void>()',
        'const announced = Promise.withResolvers<void>()\n  const kept: any = {}',
      ),
      inFile(
        'collector/core/roll.ts',
        'const cache = createCache({ partition, generation, sets })',
        `const cache = kept.cache ?? createCache({ partition, generation, sets })
    if (kept.cache)
      for (const shelf of [cache.settings, cache.devices, cache.streams, cache.epochs, cache.buckets, cache.summaries, cache.rollups]) {
        const dirty = [...shelf.dirty]
        shelf.clear()
        for (const { state } of dirty) {
          const id = state.id ?? state.document?.id ?? state.toDocument().id
          shelf.put(id, state)
          shelf.soil(shelf.get(id))
        }
      }
    kept.cache = cache`,
      ),
    ],
  },
  {
    name: 'no-second-look',
    rule: 'after reading a document the owner looks whether another one is further',
    model: null,
    edits: [inFile('collector/core/roll.ts', 'if (current.position.n > next) throw new Behind()', '')],
  },
  {
    name: 'receipt-first',
    rule: 'the checkpoint, and then the receipts',
    model: '100 %',
    edits: [
      inFile(
        'collector/core/roll.ts',
        "reached('folded')",
        "publish(await receipts())\n      reached('folded')",
      ),
    ],
  },
  {
    name: 'checkpoint-first',
    rule: 'every document, and then the checkpoint',
    model: '46 %',
    edits: [
      inFile(
        'collector/core/roll.ts',
        "reached('reach-raised')",
        "await store.advance(partition, { g: generation, n: next }, swaps)\n      reached('reach-raised')",
      ),
    ],
  },
  {
    name: 'silent-on-repeats',
    rule: 'a repeat is answered: it is the sign of a lost receipt',
    model: '2 %',
    edits: [
      inFile(
        'collector/core/roll.ts',
        'for (const stream of streamsOf(record)) streams.add',
        `const isNews =
        effect.fresh + effect.quarantined + effect.refused > 0 ||
        (record.kind === 'batch' && record.batch.ended.length + record.batch.lost.length > 0)
      if (isNews) for (const stream of streamsOf(record)) streams.add`,
      ),
    ],
  },
  {
    name: 'windows-before-buckets',
    rule: 'buckets are written before the windows that count them',
    model: null,
    edits: [
      inFile(
        'collector/core/roll.ts',
        "await write('readings', cache.buckets, (bucket) => bucket.toDocument())\n",
        '',
      ),
      inFile(
        'collector/core/roll.ts',
        "reached('windows-written')",
        "reached('windows-written')\n      await write('readings', cache.buckets, (bucket) => bucket.toDocument())",
      ),
    ],
  },
  {
    name: 'evicted-unwritten',
    rule: 'what leaves the cache is in the store',
    model: null,
    edits: [
      inFile('collector/core/cache.ts', '.filter(([, entry]) => !dirty.has(entry))', ''),
      inFile(
        'collector/core/cache.ts',
        'for (const [id] of clean.slice(0, entries.size - Math.floor(limit * 0.9))) entries.delete(id)',
        `for (const [id, entry] of clean.slice(0, entries.size - Math.floor(limit * 0.9))) {
          entries.delete(id)
          dirty.delete(entry)
        }`,
      ),
      inFile(
        'collector/core/roll.ts',
        'if (cache.dirtyCount() > dirtyDocuments) await flushWithPatience()',
        `if (cache.dirtyCount() > dirtyDocuments)
          for (const name of Object.keys(cachedDocuments) as (keyof typeof cachedDocuments)[])
            cache[name].evict(cachedDocuments[name])`,
      ),
    ],
  },
  {
    name: 'wall-clock-in-fold',
    rule: 'nothing enters the fold but the log: no clock',
    model: null,
    edits: [
      inFile(
        'collector/core/fold/plan-batch.ts',
        "(time > quarantineAfterMs ? 'in the future' : '')",
        "(time > Date.now() + 300_000 ? 'in the future' : '')",
      ),
    ],
  },
  {
    name: 'bridge-acknowledges-early',
    rule: 'a message is acknowledged, and said to be logged, after it is in the log',
    model: null,
    edits: [
      inFile(
        'collector/core/bridge.ts',
        'await store(group)\n        for (const { logged: tell, finish } of group) {\n          tell?.()\n          finish()\n        }',
        'for (const { logged: tell, finish } of group) {\n          tell?.()\n          finish()\n        }\n        await store(group)',
      ),
    ],
  },
  {
    name: 'lost-covers-seen',
    rule: 'a declared loss covers only numbers never seen',
    model: '44 %',
    edits: [
      inFile(
        'collector/core/epoch.ts',
        'subtract(subtract(rangeOf(first, last), epoch.seen), merged(epoch.refused))',
        'subtract(rangeOf(first, last), merged(epoch.refused))',
      ),
    ],
  },
  {
    name: 'refusal-not-healed',
    rule: 'a refused number that arrives after all is refused no more',
    model: null,
    edits: [inFile('collector/core/epoch.ts', 'removeFrom(epoch.refused, numbers)\n', '\n')],
  },
  {
    name: 'bucket-outdated',
    rule: 'a bucket that was read before its epoch went further is read again',
    model: null,
    edits: [
      inFile(
        'collector/core/fold/needs.ts',
        'if (!numbers.some(isAhead)) return []',
        'if (numbers) return []',
      ),
    ],
  },
]

const wayOutBugs: readonly Bug[] = [
  {
    name: 'no-reach',
    rule: 'a log that was cut behind the checkpoint and before the furthest document is noticed',
    model: '2 %',
    edits: [
      inFile(
        'collector/core/checkpoint.ts',
        'Math.max(checkpoint.position.n, checkpoint.reach)',
        'checkpoint.position.n',
      ),
      inFile(
        'collector/core/checkpoint.ts',
        'if (checkpoint.reach > first) {',
        'if (checkpoint.reach < 0) {',
      ),
    ],
  },
  {
    name: 'cut-passed-over',
    rule: 'a log that was cut is folded from its first record on: it may have grown again since',
    model: null,
    edits: [
      inFile(
        'collector/core/rebuild/new-log.ts',
        'log.id === found.logId ? first : 0',
        'log.id === found.logId ? Math.min(position.n, Math.max(first, next)) : 0',
      ),
    ],
  },
  {
    name: 'regrown-unnoticed',
    rule: 'at each fetch the log still holds the last record that was read',
    model: null,
    edits: [
      inFile(
        'collector/core/roll.ts',
        'if (newest !== undefined && (await isCutBehind(tail))) throw new Behind()',
        '',
      ),
    ],
  },
  {
    name: 'summary-in-part',
    rule: 'a summary is folded whole or not at all',
    model: '4 %',
    edits: [
      inFile(
        'collector/core/fold/plan-batch.ts',
        "if (!isBrought(seq)) return refused('overlap')",
        'if (!isBrought(seq)) continue',
      ),
    ],
  },
  {
    name: 'expired-again',
    rule: 'what has expired is not taken again when it comes again',
    model: null,
    edits: [
      inFile(
        'collector/core/fold/brought.ts',
        'return arrival === null && !isEpochAhead && !has(epoch.expired, seq)',
        'return arrival === null && !isEpochAhead',
      ),
    ],
  },
  {
    name: 'released-twice',
    rule: 'a release acts once for each number',
    model: null,
    edits: [
      inFile(
        'collector/core/fold/brought.ts',
        'return bucket.isWaiting(seq) && !isEpochAhead && !has(epoch.expired, seq)',
        'return (bucket.isWaiting(seq) || release !== null) && !isEpochAhead',
      ),
    ],
  },
  {
    name: 'swap-unnoticed',
    rule: 'when a set of windows was replaced its owners begin anew',
    model: null,
    edits: [
      inFile('collector/core/checkpoint.ts', 'if (checkpoint.swaps !== hold.swaps) throw new Behind()', ''),
      inFile(
        'collector/core/roll.ts',
        '    async function refused(): Promise<never> {',
        '    async function refused(): Promise<void> {\n      if (swaps >= 0) return',
      ),
    ],
  },
]

const agentBugs: readonly Bug[] = [
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
    edits: [inFile('agent/buffer/tables.ts', 'lost: lost.all(row.id),', 'lost: [],')],
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

/** Every planted bug. Corrections are not built yet, and with them their rule. */
export const bugs: readonly Bug[] = [...collectorBugs, ...wayOutBugs, ...agentBugs]

export function bugNamed(name: string): Bug {
  const bug = bugs.find((one) => one.name === name)
  if (!bug) throw new Error(`no bug is named ${name}; there are: ${bugs.map((one) => one.name).join(', ')}`)
  return bug
}
