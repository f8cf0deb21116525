import { CodedError } from '@barograph/proto'

/** So many connections in a row that the broker ended without a word are no accident. */
const endings = 3
/** Endings further apart are one broker's or network's ordinary life. */
const withinMs = 300_000

/**
 * Two agents with one name take the connection from each other again and again: MQTT lets the newer one have it and ends
 * the older one without saying why. A broker that restarts refuses connections in between, and that starts the count anew.
 */
export function createTakeoverWatch(): {
  /** The connection ended, or never came to be. `error`: why, where anybody said. True: someone else takes it. */
  ended(atMs: number, wasUp: boolean, error: unknown): boolean
} {
  let recent: number[] = []
  return {
    ended(atMs, wasUp, error) {
      if (!wasUp || error !== null) recent = []
      else recent = [...recent, atMs].filter((each) => atMs - each <= withinMs).slice(-endings)
      return recent.length >= endings
    },
  }
}

/** What it means for a person. */
export function nameTaken(device: string, url: string): CodedError {
  return new CodedError(
    'name-taken',
    `the connection to ${new URL(url).host} was taken over ${endings} times in a row: another agent seems to run as ${device}`,
    {
      retryable: true,
      hint: 'give one of them another device: name, or stop it; nothing is lost meanwhile, each run has numbers of its own',
    },
  )
}
