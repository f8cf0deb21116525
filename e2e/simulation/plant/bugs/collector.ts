import { type Bug, inFile } from './bug.ts'

/** In what the collector does all day: bridge, fold, flush, receipts. */
export const collectorBugs: readonly Bug[] = [
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
        ': payload,\n      },\n      logged: null,',
        ': payload,\n      },\n      logged: device === null ? null : () => logged(device, refused),',
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
