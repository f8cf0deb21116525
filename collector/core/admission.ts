/** Lets in as much as there is room for, in order; what comes beyond waits at the door, and with it its sender. */
export interface Admission {
  /** Calls `run` when there is room for these bytes: at once, or after those who came before. */
  enter(bytes: number, run: () => void): void
  leave(bytes: number): void
  /** Nobody more gets in before somebody leaves. */
  isFull(): boolean
  readonly messages: number
  readonly bytes: number
  readonly waiting: number
}

export function createAdmission({
  maxMessages,
  maxBytes,
}: {
  readonly maxMessages: number
  readonly maxBytes: number
}): Admission {
  const door: { bytes: number; run: () => void }[] = []
  let first = 0
  let messages = 0
  let bytes = 0
  // One alone always gets in, however large it is.
  const hasRoom = (more: number): boolean =>
    messages === 0 || (messages < maxMessages && bytes + more <= maxBytes)

  function admit(size: number, run: () => void): void {
    messages++
    bytes += size
    run()
  }

  return {
    enter(size, run) {
      if (first === door.length && hasRoom(size)) admit(size, run)
      else door.push({ bytes: size, run })
    },
    leave(size) {
      messages--
      bytes -= size
      for (let next = door[first]; next && hasRoom(next.bytes); next = door[first]) {
        first++
        admit(next.bytes, next.run)
      }
      if (first === door.length || first > maxMessages) {
        door.splice(0, first)
        first = 0
      }
    },
    isFull: () => first < door.length,
    get messages() {
      return messages
    },
    get bytes() {
      return bytes
    },
    get waiting() {
      return door.length - first
    },
  }
}
