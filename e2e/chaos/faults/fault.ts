import type { FaultName } from '../../faults.ts'
import type { Witness } from '../judge/judge.ts'
import type { Engines } from '../engines.ts'
import type { Files, Shape } from '../collectors.ts'
import type { Rig } from '../rig.ts'
import type { Seat } from '../seat.ts'

/** What a fault may use. */
export interface Scene {
  readonly rig: Rig
  /** 0 <= x < 1, from the seed of the run. */
  random(): number
  between(low: number, high: number): number
  /** Shorter when the run is stopped. */
  sleep(ms: number): Promise<void>
  /** One line about what happens now. */
  say(words: string): void
  /** Something that must not be, whatever the readings say. */
  complain(words: string): void
  /** Notes what the buffer of a dead agent holds, or a copy of it. */
  witness(seat: Seat, path?: string): readonly Witness[]
}

interface Common {
  readonly name: FaultName
  /** True: it needs a small disk of its own. */
  readonly needsDisk?: true
  /** Absent: in all. */
  readonly shapes?: readonly Shape[]
  /** True: only a longer run has the time for it. */
  readonly isLong?: true
}

/** A fault of one device: causes it, waits, and heals it. */
export interface SeatFault extends Common {
  readonly of: 'device'
  run(scene: Scene, seat: Seat): Promise<void>
}

/** A fault of the collector or of what lies between. */
export interface CollectorFault extends Common {
  readonly of: 'collector'
  run(scene: Scene): Promise<void>
}

/** A fault of Mosquitto, Kafka or the store's server, beside those of devices and collector. */
export interface EngineFault extends Common {
  readonly of: 'engine'
  readonly shapes: readonly ['services']
  run(scene: Scene, engines: Engines): Promise<void>
}

export type Fault = SeatFault | CollectorFault | EngineFault

/** The faults that a rig of this shape can have. */
export const isIn =
  (shape: Shape) =>
  ({ shapes }: Common): boolean =>
    shapes === undefined || shapes.includes(shape)

/** Log and store are files: only then can a fault damage them or fill their disk. */
export const onFiles: readonly Shape[] = ['whole', 'split']

export function filesOf({ files }: Rig): Files {
  if (!files) throw new Error('log and store of this rig are no files')
  return files
}

/** Does something to a program whose end meanwhile is no news. */
export async function onTrial<T>(program: { isOnTrial: boolean }, work: () => Promise<T>): Promise<T> {
  program.isOnTrial = true
  try {
    return await work()
  } finally {
    program.isOnTrial = false
  }
}
