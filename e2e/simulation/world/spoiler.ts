import { decodeBatch } from '@barograph/proto'
import type { Ledger } from '../check/ledger.ts'
import type { World } from '../engine/world.ts'

/** Makes a message one that the bridge has to refuse: of another version of the protocol. */
export function createSpoiler(world: World, ledger: Ledger) {
  return (device: string, bytes: Uint8Array): Uint8Array | null => {
    const { runs } = decodeBatch(bytes)
    // The version is the first field.
    if (runs.length === 0 || bytes[0] !== 8) return null
    for (const { sensor, epoch, firstSeq, times } of runs) {
      const stream = ledger.stream(device, sensor, epoch)
      for (let i = 0; i < times.length; i++) stream?.spoiled.add(firstSeq + i)
      world.about(device, sensor, epoch, firstSeq, firstSeq + times.length - 1, 'spoiled on its way')
    }
    world.fault('message-refused', device)
    const copy = Uint8Array.from(bytes)
    copy[1] = 99
    return copy
  }
}
