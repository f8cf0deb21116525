import type { FaultName } from '../../faults.ts'
import type { World } from '../engine/world.ts'
import type { Collector } from './collector.ts'
import type { Station } from './device.ts'
import type { Disk } from './disk.ts'
import type { Fleet } from './fleet.ts'
import type { Weather } from './weather.ts'

/** Faults that come from outside, at moments of their own; those that fall between two writes stand in the weather. */
export function tellStory(options: {
  readonly world: World
  readonly weather: Weather
  readonly collector: Collector
  readonly fleet: Fleet
  readonly stormMs: number
}): void {
  const { world, weather, collector, fleet, stormMs } = options
  const { mayDamage } = collector
  const { random } = world
  const copies = new Map<Station, Disk>()
  /** Of the database alone, as it was a while ago. */
  const earlier = new Map<Station, Disk>()

  const station = (): Station => random.pick(fleet.stations())
  const restart = (one: Station): void =>
    void world.schedule(random.between(100, 15_000), null, () => {
      if (!world.isCalm()) one.start()
    })
  const until = (longestMs: number): number => world.now() + random.between(500, longestMs)

  const apart = (one: Station, longestMs: number): void =>
    fleet.network.partition(one.config.device, until(longestMs))
  /** It dies without having heard what became of what it sent, and only its disk knows for long that it sent anything. */
  function strand(one: Station): void {
    apart(one, 300_000)
    world.schedule(random.between(0, 3_000), null, () => {
      if (!one.process()) return
      one.kill()
      world.fault('agent-killed')
      restart(one)
    })
  }

  /** Each returns false when there is nothing now that it could happen to. */
  const kinds: Partial<Record<FaultName, () => boolean>> = {
    'agent-killed': () =>
      onRunning((one) => {
        one.kill()
        restart(one)
      }),
    'agent-stopped': () =>
      onRunning((one) => {
        one.stop()
        world.schedule(11_000, null, () => restart(one))
      }),
    'power-lost': () =>
      onRunning((one) => {
        one.kill()
        one.machine.reboot()
        restart(one)
      }),
    'agent-paused': () => onRunning((one) => one.process()?.freeze(random.between(500, 40_000))),
    'clock-forward': () =>
      onAny((one) => one.machine.jump(random.pick([900, 70_000, 400_000, 90 * 86_400_000]))),
    'clock-back': () =>
      onAny((one) => one.machine.jump(-random.pick([900, 70_000, 400_000, 90 * 86_400_000]))),
    'buffer-disk-full': () => onAny((one) => one.disk().fill(until(15_000))),
    'buffer-read-only': () => onAny((one) => one.disk().fail(until(15_000))),
    'row-unreadable': () => spoilRow(),
    'buffer-restored': () => restore(),
    'buffer-wal-truncated': () => goBack(),
    'card-cloned': () => twin(true),
    'name-shared': () => twin(false),
    'network-cut': () => onAny((one) => (random.chance(0.6) ? apart(one, 40_000) : strand(one))),
    'network-half-open': () => onConnection((one) => one.half('both')),
    'network-half-open-down': () => onConnection((one) => one.half('down')),
    'bytes-dropped': () => onConnection((one) => one.cut(0, 'reset')),
    'bridge-killed': () => {
      random.pick(collector.bridges()).process.kill()
      return true
    },
    'bridge-paused': () => {
      random.pick(collector.bridges()).process.freeze(random.between(500, 30_000))
      return true
    },
    'collector-killed': () => {
      collector.killAll()
      return true
    },
    'collector-clock': () => {
      collector.jumpClocks(random.pick([-400_000, -5_000, 5_000, 400_000]))
      return true
    },
    'roll-killed': () => onOwner((one) => one.process.kill()),
    'roll-stopped': () => onOwner((one) => one.stop()),
    'log-cut': () => {
      if (mayDamage()) void cut(random.whole(0, collector.log.partitions - 1), random.chance(0.7) ? 40 : 0)
      return false
    },
    'log-regrown': () => {
      if (mayDamage()) void regrow(200)
      return false
    },
    'log-recreated': () => {
      if (!mayDamage()) return false
      // Nobody can have a log open that is replaced under it.
      collector.killAll()
      collector.log.recreate()
      collector.logDamaged()
      return true
    },
    'store-restored': () => {
      if (collector.restoreStore()) return true
      // Long enough for the log to be damaged and gone over to in between, and for more to be told to be stored.
      world.schedule(random.between(3_000, 30_000), null, () => {
        if (!world.isCalm() && collector.restoreStore()) world.fault('store-restored')
      })
      if (random.chance(0.6)) void cutBehindCopy(random.whole(0, collector.log.partitions - 1))
      return false
    },
    takeover: () => {
      if (collector.owners().length > 6 || collector.owners().length === 0) return false
      const { partition } = random.pick(collector.owners())
      if (random.chance(0.7))
        for (const owner of collector.owners())
          if (owner.partition === partition) owner.process.freeze(random.between(500, 60_000))
      const { process } = collector.startOwner(partition)
      // What it writes is there, and its checkpoint is not: whoever lags meets documents that are further than it knows.
      if (random.chance(0.4))
        world.schedule(random.between(0, 8_000), process, () => collector.store.doom(process, 'advance'))
      return true
    },
  }

  /** At any moment; or soon, when a flush was broken off: behind its checkpoint and before what it has written. */
  async function cut(partition: number, tries: number): Promise<void> {
    const { log, store } = collector
    const checkpoint = await store.disk().checkpoint(partition)
    const end = log.records[partition]?.length ?? 0
    const reach = Math.min(checkpoint?.reach ?? 0, end)
    const position = checkpoint?.position.n ?? 0
    const isBrokenOff = reach > position
    if (tries > 0 && !isBrokenOff) {
      world.schedule(250, null, () => {
        if (!world.isCalm() && mayDamage()) void cut(partition, tries - 1)
      })
      return
    }
    const kept =
      isBrokenOff && random.chance(0.8) ? random.whole(position, reach - 1) : end - random.whole(1, 8)
    if (!log.cut(partition, end - kept)) return
    world.fault('log-cut', `${partition} from ${kept} on`)
    collector.logDamaged()
  }

  /** The log loses records that the copy holds, and others come in their place before the copy is put back. */
  async function cutBehindCopy(partition: number): Promise<void> {
    const { log, store } = collector
    const kept = ((await store.disk().checkpoint(partition))?.position.n ?? 0) - random.whole(1, 6)
    world.schedule(random.between(200, 4_000), null, () => {
      const end = log.records[partition]?.length ?? 0
      if (world.isCalm() || !mayDamage() || kept < 0 || !log.cut(partition, end - kept)) return
      world.fault('log-cut', `${partition} from ${kept} on, which a copy of the store holds`)
      collector.logDamaged()
    })
  }

  /**
   * Soon, when a roll has read beyond what anything that is stored tells of: the log loses some of that, and grows again
   * before the roll looks. It may die in its next flush, so that another one goes on from what it has written.
   */
  async function regrow(tries: number): Promise<void> {
    const { log, store } = collector
    for (const { partition, process } of collector.owners()) {
      const checkpoint = await store.disk().checkpoint(partition)
      const stored = Math.max(checkpoint?.position.n ?? 0, checkpoint?.reach ?? 0)
      const end = log.records[partition]?.length ?? 0
      const read = Math.min(log.readBy(process), end)
      if (!process.alive || read <= stored) continue
      const kept = random.whole(stored, read - 1)
      if (!log.cut(partition, end - kept)) continue
      if (random.chance(0.7)) store.doom(process, 'writing epochs')
      const hold = (left: number): void => {
        if (left === 0 || !process.alive || (log.records[partition]?.length ?? 0) > read) return
        process.freeze(300)
        world.schedule(200, null, () => hold(left - 1))
      }
      hold(100)
      world.fault('log-regrown', `${partition} from ${kept} on, ${process.name} has read to ${read}`)
      collector.logDamaged()
      return
    }
    if (tries > 0)
      world.schedule(50, null, () => {
        if (!world.isCalm() && mayDamage()) void regrow(tries - 1)
      })
  }

  function onAny(act: (one: Station) => void): boolean {
    act(station())
    return true
  }

  function onRunning(act: (one: Station) => void): boolean {
    const running = fleet.stations().filter((one) => one.process())
    if (running.length === 0) return false
    act(random.pick(running))
    return true
  }

  function onConnection(act: (one: ReturnType<typeof connections>[number]) => void): boolean {
    const open = connections()
    if (open.length === 0) return false
    act(random.pick(open))
    return true
  }

  function connections() {
    return [...fleet.network.connections]
  }

  function onOwner(act: (one: ReturnType<Collector['owners']>[number]) => void): boolean {
    if (collector.owners().length === 0) return false
    act(random.pick(collector.owners()))
    return true
  }

  /** Flips the first byte of a row: it says nothing sensible any more. */
  function spoilRow(): boolean {
    const one = station()
    const { raw } = one.disk()
    const row = raw
      .prepare<[], { stream: number; sensor: string; epoch: string; seq: number }>(
        'SELECT stream, sensor, epoch, seq FROM entries JOIN streams ON id = stream ORDER BY seq DESC LIMIT 1',
      )
      .get()
    if (!row) return false
    fleet.ledger.stream(one.config.device, row.sensor, row.epoch)?.damaged.add(row.seq)
    raw.prepare("UPDATE entries SET payload = x'FF' WHERE stream = ? AND seq = ?").run(row.stream, row.seq)
    return true
  }

  /** The first time a copy is made of the card, the next time it takes its place. */
  function restore(): boolean {
    const one = station()
    const copy = copies.get(one)
    if (!copy) {
      copies.set(one, one.disk().copy())
      return false
    }
    copies.delete(one)
    earlier.get(one)?.close()
    earlier.delete(one)
    one.insert(copy)
    restart(one)
    return true
  }

  /** The first time the database is noted as it is, the next time it goes back to that. */
  function goBack(): boolean {
    const one = station()
    const copy = earlier.get(one)
    if (!copy) {
      earlier.set(one, one.disk().copy())
      return false
    }
    earlier.delete(one)
    one.goBack(copy)
    restart(one)
    return true
  }

  function twin(isCopy: boolean): boolean {
    if (fleet.stations().length > 4) return false
    const one = station()
    fleet.addTwin(one, isCopy ? one.disk().copy() : null)
    return true
  }

  // Each run knows some of the kinds only: with all of them at once, the rare ones never meet alone.
  const names = (Object.keys(kinds) as FaultName[]).filter(() => random.chance(0.4))
  const rare: readonly FaultName[] = [
    'log-cut',
    'log-recreated',
    'buffer-restored',
    'buffer-wal-truncated',
    'card-cloned',
    'name-shared',
  ]

  function next(): void {
    if (world.isCalm() || names.length === 0) return
    const name = random.pick(names)
    const isSkipped = rare.includes(name) && random.chance(0.5)
    if (!isSkipped && kinds[name]?.()) world.fault(name)
    wait()
  }
  /** What people do meanwhile: right or wrong, once or twice. */
  function operate(): void {
    if (world.isCalm()) return
    if (random.chance(0.2)) collector.operator.rebuild()
    else release()
    world.schedule(random.between(2_000, 40_000), null, operate)
  }

  function release(): void {
    const streams = [...fleet.ledger.streams.values()].filter(({ entries }) => entries.length > 0)
    if (streams.length === 0) return
    const waiting = streams.flatMap((stream) => {
      const name = `${stream.device}/${stream.sensor}/${stream.epoch}`
      const { quarantined = {} } = collector.store.mirror.get('epochs', name) ?? {}
      return Object.values(quarantined).map((set) => ({ stream, first: set[0] ?? 1 }))
    })
    const { stream, first } =
      waiting.length > 0 && random.chance(0.8)
        ? random.pick(waiting)
        : { stream: random.pick(streams), first: 1 }
    const { device, sensor, epoch, entries } = stream
    const firstSeq = Math.min(entries.length, first + random.whole(0, 5))
    const lastSeq = Math.min(entries.length, firstSeq + random.whole(0, 20))
    for (let times = random.whole(1, 2); times > 0; times--)
      collector.operator.release(device, [{ sensor, epoch, firstSeq, lastSeq }])
  }
  if (random.chance(0.6)) world.schedule(random.between(2_000, 20_000), null, operate)

  const wait = (): void =>
    void world.schedule((random.between(0.2, 1.8) * 60_000) / weather.perMinute, null, next)
  wait()
  world.schedule(stormMs, null, () => {
    for (const copy of [...copies.values(), ...earlier.values()]) copy.close()
  })
}
