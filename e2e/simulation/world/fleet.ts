import { type AcceptedStream, createLedger, type Ledger } from '../check/ledger.ts'
import type { Level, ZoneName } from '../check/calendar.ts'
import { createReceiptCheck } from '../check/stored.ts'
import type { World } from '../engine/world.ts'
import type { Collector } from './collector.ts'
import { createSentCheck, createStation, type DeviceConfig, type Station } from './device.ts'
import { createDisk, type Disk } from './disk.ts'
import { createNetwork, type Network } from './network.ts'
import { createSpoiler } from './spoiler.ts'
import type { Weather } from './weather.ts'

/** Every device, and what lies between them and the collector. */
export interface Fleet {
  readonly ledger: Ledger
  readonly network: Network
  stations(): readonly Station[]
  /** A second machine of the same name: with a copy of the card of the first, or with a card of its own. */
  addTwin(of: Station, copy: Disk | null): Station
  /** True when an agent had a reason to give a reading up for this cause. */
  mayLose(stream: AcceptedStream, seq: number, cause: string): boolean
  /** True when readings may have been condensed that were sent before. */
  mayOverlap(device: string): boolean
  calmDown(): void
  isDrained(): boolean
  left(): string[]
  close(): void
}

export function createFleet(options: {
  readonly world: World
  readonly weather: () => Weather
  readonly collector: Collector
  readonly devices: readonly DeviceConfig[]
  readonly startMs: number
  readonly levels: readonly Level[]
}): Fleet {
  const { world, weather, collector, devices, startMs, levels } = options
  const ledger = createLedger(world)
  const zoneOf = (device: string): ZoneName => devices.find((one) => one.device === device)?.zone ?? 'UTC'
  collector.onReceipts(createReceiptCheck({ world, store: collector.store, ledger, levels, zoneOf }))
  const most = (device: string): number => devices.find((one) => one.device === device)?.maxBatchEntries ?? 0
  const network = createNetwork({
    world,
    weather,
    bridges: collector.bridges,
    checkSent: createSentCheck(world, ledger, most, mayOverlap),
    spoil: createSpoiler(world, ledger),
  })
  const stations: Station[] = []

  function mayOverlap(device: string): boolean {
    const own = stations.filter((one) => one.config.device === device)
    // A copy of a card does not know what the other sent; and a disk that takes no marks may forget some in a crash.
    return own.length > 1 || own.some((one) => one.disk().isDoubtful())
  }

  function add(config: DeviceConfig, name: string, disk: Disk): Station {
    const station = createStation({ world, weather, network, ledger, config, name, startMs, disk })
    stations.push(station)
    world.schedule(world.random.between(0, 3_000), null, station.start)
    return station
  }

  for (const config of devices) add(config, config.device, createDisk(world, weather))

  return {
    ledger,
    network,
    stations: () => stations,
    addTwin(of, copy) {
      ledger.forgetOrder(of.config.device)
      return add(of.config, `${of.config.device}+`, copy ?? createDisk(world, weather))
    },
    mayOverlap,
    mayLose({ device, damaged }, seq, cause) {
      const config = devices.find((one) => one.device === device)
      const own = stations.filter((one) => one.config === config)
      switch (cause) {
        case 'buffer full':
          return config?.whenFull !== 'stop' && (config?.maxMb ?? 0) < 1
        case 'expired':
          // What an earlier boot accepted can only be dated by the wall clock, which may have been set.
          return (
            (config?.maxAgeDays ?? 0) < 1 || own.length > 1 || own.some(({ machine }) => machine.wasRebooted)
          )
        default:
          return cause === 'corrupt buffer' && damaged.has(seq)
      }
    },
    calmDown() {
      for (const station of stations) {
        network.partition(station.config.device, 0)
        station.disk().fill(0)
        station.disk().fail(0)
        if (!station.process()) world.schedule(10, null, station.start)
      }
    },
    isDrained() {
      // Whoever died at the last moment of the storm is started again.
      for (const station of stations) if (!station.process()) station.start()
      return stations.every((station) => station.isDrained())
    },
    left: () =>
      stations
        .filter((station) => !station.isDrained())
        .map((station) => `${station.machine.name} holds ${station.disk().describe()}`),
    close() {
      for (const station of stations) {
        station.kill()
        station.disk().close()
      }
    },
  }
}
