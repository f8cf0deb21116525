import type { StreamEpoch } from '@barograph/proto'
import type { Cache, Shelf } from '../cache.ts'
import type { Position } from '../documents.ts'
import { type Epoch, settle } from '../epoch.ts'
import { epochId } from '../identity.ts'
import { isBefore } from '../position.ts'
import type { DecodedRecord } from '../record.ts'
import type { Effect } from './effect.ts'
import { loaded } from './needs.ts'

/** What one record changes. */
export interface Edit {
  /** The state to change; null when the document already holds this record. */
  open<S extends { o: Position }>(shelf: Shelf<S>, id: string): S | null
  openEpoch(stream: StreamEpoch): Epoch | null
  /** The record is folded: the documents that were opened hold it. */
  close(): void
}

/** What changing documents takes. */
export interface Applying {
  readonly edit: Edit
  readonly cache: Cache
  readonly effect: Effect
}

export function createEdit(record: DecodedRecord, cache: Cache): Edit {
  const closings: (() => void)[] = []
  const opened = new Set<object>()
  const epochs = new Set<Epoch>()

  function open<S extends { o: Position }>(shelf: Shelf<S>, id: string): S | null {
    const entry = shelf.get(id)
    const state = loaded(entry)
    if (isBefore(record.at, state.o)) return null
    if (entry && !opened.has(entry)) {
      opened.add(entry)
      // Only at the record's end: until then `o` tells the state before it.
      closings.push(() => {
        state.o = record.next
        shelf.soil(entry)
      })
    }
    return state
  }

  return {
    open,
    openEpoch(stream) {
      const epoch = open(cache.epochs, epochId(record.device, stream))
      if (epoch) epochs.add(epoch)
      return epoch
    },
    close() {
      for (const epoch of epochs) settle(epoch, record.ingestMs)
      for (const close of closings) close()
    },
  }
}
