import { metricKey } from '@barograph/proto'
import type Sqlite from 'better-sqlite3'
import type { Acceptance, Buffer, Entry, SensorTraits } from '../../../agent/core/buffer.ts'
import type { Machine, Process } from '../engine/process.ts'
import { acting, Violation, type World } from '../engine/world.ts'

/** An entry as it was accepted. */
export interface AcceptedEntry {
  readonly time: number
  /** When it was accepted, by a clock that is right. */
  readonly truth: number
  readonly mark: { readonly kind: string; readonly code: string } | null
  readonly values: readonly {
    readonly key: string
    readonly kind: string
    readonly thousandths: number
    readonly flag: number
  }[]
}

/** Everything that one run of an agent accepted of one sensor; entry i has number i + 1. */
export interface AcceptedStream {
  /** On whose card it was accepted. */
  readonly machine: Machine
  readonly device: string
  readonly sensor: string
  readonly epoch: string
  readonly intervalMs: number
  readonly historical: boolean
  readonly entries: AcceptedEntry[]
  /** Handed over when the process died: in the file or not, which the next start shows. */
  unknown: AcceptedEntry[]
  /** Went with a card that was replaced by an older copy: nobody can know of them, unless they were on their way. */
  readonly destroyed: Set<number>
  /** Its agent was told that it may let go of them. */
  readonly told: Set<number>
  /** Of these: in no store and no log any more, as one was put back and the other damaged. */
  readonly forgotten: Set<number>
  /** Their rows were spoiled, or cut off: the agent may declare them lost. */
  readonly damaged: Set<number>
  /** Spoiled on their way, so that the collector may have refused them. */
  readonly spoiled: Set<number>
}

/** What was accepted, by our own account: whatever agent and collector say of themselves plays no part in it. */
export interface Ledger {
  readonly streams: ReadonlyMap<string, AcceptedStream>
  stream(device: string, sensor: string, epoch: string): AcceptedStream | undefined
  /** The buffer as the agent gets it: everything that it accepts is written down here. */
  watch(device: string, process: Process, buffer: Buffer): Buffer
  /** To be called before an agent starts on a card: what it held back when the last one died is settled. */
  reconcile(device: string, raw: Sqlite.Database, lastEpoch: string | null): void
  /** A second agent of this name reads the same source, or the same again: its items come in any order from now on. */
  forgetOrder(device: string): void
  /** A card is thrown away for an older copy of it. */
  replaced(machine: Machine, device: string, copy: Sqlite.Database): void
  /** The newest commits of a card go, and its agent is dead: whatever was acknowledged is to be declared. */
  cutOff(cut: {
    readonly machine: Machine
    readonly device: string
    readonly raw: Sqlite.Database
    readonly back: Sqlite.Database
    readonly lastEpoch: string | null
  }): void
}

/** A sensor whose readings are numbered from 1 by its position: each is accepted once, whatever happens. */
export const numberedSensor = 'replay'

export function createLedger(world: World): Ledger {
  const streams = new Map<string, AcceptedStream>()
  /** By device, the number of the item that comes next; null: a card was replaced or copied, any may come. */
  const nextItem = new Map<string, number | null>()
  const keyOf = (device: string, sensor: string, epoch: string): string => `${device}/${sensor}/${epoch}`

  function open(
    machine: Machine,
    device: string,
    sensor: string,
    epoch: string,
    traits: SensorTraits,
  ): AcceptedStream {
    const key = keyOf(device, sensor, epoch)
    let stream = streams.get(key)
    if (!stream) {
      stream = {
        machine,
        device,
        sensor,
        epoch,
        ...traits,
        entries: [],
        unknown: [],
        destroyed: new Set(),
        told: new Set(),
        forgotten: new Set(),
        damaged: new Set(),
        spoiled: new Set(),
      }
      streams.set(key, stream)
    }
    return stream
  }

  function add(stream: AcceptedStream, entries: readonly AcceptedEntry[]): void {
    if (entries.length === 0) return
    const { device, sensor, epoch } = stream
    const first = stream.entries.length + 1
    stream.entries.push(...entries)
    world.about(device, sensor, epoch, first, stream.entries.length, 'accepted')
    if (sensor !== numberedSensor) return
    for (const { values } of entries) {
      const item = values[0]?.thousandths
      if (item === undefined) continue
      const next = nextItem.get(device)
      if (next !== null && item !== (next ?? firstItem))
        world.violate(
          new Violation(
            'once',
            `${device}/${sensor} accepted item ${item - firstItem + 1} of its source where item ${(next ?? firstItem) - firstItem + 1} comes next`,
            { device, sensor, epoch, seq: first },
          ),
        )
      if (next !== null) nextItem.set(device, item + 1)
    }
  }

  function reconcile(device: string, raw: Sqlite.Database, lastEpoch: string | null): void {
    const rows = raw
      .prepare<[], { sensor: string; epoch: string; last: number }>(
        'SELECT sensor, epoch, last_seq AS last FROM streams',
      )
      .all()
    for (const { sensor, epoch, last } of rows) {
      const stream = streams.get(keyOf(device, sensor, epoch))
      const known = stream?.entries.length ?? 0
      if (last <= known) continue
      const found = stream?.unknown.splice(0, last - known) ?? []
      if (!stream || found.length < last - known)
        world.violate(
          new Violation(
            'once',
            `${device}/${sensor}/${epoch}: the file holds ${last} entries, accepted were ${known}`,
          ),
        )
      else add(stream, found)
    }
    if (lastEpoch === null) return
    for (const stream of streams.values()) {
      if (stream.epoch !== lastEpoch || stream.entries.length === 0) continue
      const row = rows.find(({ sensor, epoch }) => sensor === stream.sensor && epoch === lastEpoch)
      if ((row?.last ?? 0) < stream.entries.length)
        world.violate(
          new Violation(
            'once',
            `${device}/${stream.sensor}/${lastEpoch}: ${stream.entries.length} entries were accepted, the file knows ${row?.last ?? 0}`,
            { device, sensor: stream.sensor, epoch: lastEpoch, seq: stream.entries.length },
          ),
        )
      stream.unknown = []
    }
  }

  return {
    streams,
    stream: (device, sensor, epoch) => streams.get(keyOf(device, sensor, epoch)),
    watch(device, process, buffer) {
      const traits = new Map<string, SensorTraits>()
      process.onEnd(() => {
        for (const stream of streams.values())
          if (stream.device === device && stream.epoch === buffer.epoch)
            stream.unknown = waiting.get(stream.sensor)?.flat() ?? []
      })
      const waiting = new Map<string, AcceptedEntry[][]>()

      async function accept(acceptance: Acceptance): Promise<void> {
        const { sensor } = acceptance
        const entries = acceptance.entries.map(copyOf)
        const list = waiting.get(sensor) ?? []
        waiting.set(sensor, list)
        list.push(entries)
        open(
          process.machine,
          device,
          sensor,
          buffer.epoch,
          traits.get(sensor) ?? { intervalMs: 0, historical: false },
        )
        try {
          await buffer.accept(acceptance)
        } catch (error) {
          if (process.alive) list.splice(list.indexOf(entries), 1)
          throw error
        }
        if (!process.alive) return
        if (list[0] !== entries)
          world.violate(new Violation('once', `${device}/${sensor}: acceptances resolved out of order`))
        list.shift()
        const stream = streams.get(keyOf(device, sensor, buffer.epoch))
        if (stream) add(stream, entries)
      }

      return {
        ...buffer,
        get site() {
          return buffer.site
        },
        get trouble() {
          return buffer.trouble
        },
        register(sensor, given) {
          traits.set(sensor, given)
          buffer.register(sensor, given)
        },
        accept,
      }
    },
    reconcile,
    forgetOrder: (device) => void nextItem.set(device, null),
    cutOff({ machine, device, raw, back, lastEpoch }) {
      const own = [...streams.values()].filter((stream) => stream.machine === machine)
      const acknowledged = new Map(own.map((stream) => [stream, stream.entries.length]))
      reconcile(device, raw, lastEpoch)
      // Committed in the moment in which the process died: nobody had been told, and nobody else knew.
      for (const [stream, count] of acknowledged)
        for (let seq = count + 1; seq <= stream.entries.length; seq++) {
          stream.destroyed.add(seq)
          if (stream.sensor === numberedSensor) nextItem.set(device, null)
        }
      const left = endsIn(back)
      for (const [key, last] of endsIn(raw))
        for (let seq = (left.get(key) ?? 0) + 1; seq <= last; seq++)
          streams.get(`${device}/${key}`)?.damaged.add(seq)
    },
    replaced(machine, device, copy) {
      nextItem.set(device, null)
      const rows = copy.prepare<[string, string], { first: number; last: number }>(
        `SELECT first, last FROM streams JOIN
             (SELECT stream, seq AS first, seq AS last FROM entries
              UNION ALL SELECT stream, first_seq, last_seq FROM summaries) ON stream = id
           WHERE sensor = ? AND epoch = ?`,
      )
      for (const stream of streams.values()) {
        if (stream.machine !== machine) continue
        const kept = new Set<number>()
        for (const { first, last } of rows.all(stream.sensor, stream.epoch))
          for (let seq = first; seq <= last; seq++) kept.add(seq)
        for (let seq = 1; seq <= stream.entries.length; seq++) if (!kept.has(seq)) stream.destroyed.add(seq)
      }
    },
  }
}

/** The last number of each stream that a card knows, by sensor/epoch. */
function endsIn(raw: Sqlite.Database): ReadonlyMap<string, number> {
  const rows = raw
    .prepare<[], { key: string; last: number }>(
      "SELECT sensor || '/' || epoch AS key, last_seq AS last FROM streams",
    )
    .all()
  return new Map(rows.map(({ key, last }) => [key, last]))
}

/** Thousandths of the first item. */
export const firstItem = 1_000

function copyOf({ time, mark, values }: Entry): AcceptedEntry {
  return {
    time: Math.round(time),
    truth: acting.wallMs(),
    mark: mark && { kind: mark.kind, code: mark.code },
    values: values.map(({ metric, thousandths, flag }) => ({
      key: metricKey(metric),
      kind: metric.kind,
      thousandths,
      flag,
    })),
  }
}
