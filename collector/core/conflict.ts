import type { Status } from '@barograph/proto'
import type { DeviceDocument, StoredConflict, StoredSpeaker } from './documents.ts'

/** Bounds of the search for two agents with one name. */
export const conflictLimits = {
  /** Runs of a device's agent that are told apart; those that spoke longest ago are forgotten. */
  speakers: 8,
  /**
   * So often a run must speak again after another one did before two are said to be alive: one status that was late for
   * its restart, told by a clock that was set back since, makes two such turns.
   */
  turns: 3,
  /** A conflict is over when for so long nobody took turns: three times the longest wait of an agent to connect again. */
  endsAfterMs: 90_000,
  /** A status of an older run that is logged so long after the first of a newer one is not on its way any more. */
  lateStatusMs: 60_000,
} as const

type Speaking = { -readonly [K in 'speakers' | 'conflict']?: DeviceDocument[K] }

/**
 * One run of an agent is one epoch, so a run that speaks again after a newer one did is alive beside it. Restarts, replaced
 * devices, last wills, repeats of the log and statuses that were late for a restart are not that.
 */
export function noteSpeaker(device: Speaking, status: Status, ingestMs: number): void {
  const epoch = runOf(status)
  if (epoch === null) return
  const accepted = status.sensors.reduce((sum, one) => sum + one.accepted, 0)
  const speakers = device.speakers ?? []
  const known = speakers.find((one) => one.epoch === epoch)
  const newest = speakers[speakers.length - 1]
  if (!known || !newest) {
    const { time } = status
    const speaker = { epoch, firstIngest: ingestMs, firstTime: time, lastTime: time, accepted }
    const isPast = newest !== undefined && isLate(status, newest, ingestMs)
    const all = isPast ? [...speakers.slice(0, -1), speaker, newest] : [...speakers, speaker]
    device.speakers = all.slice(-conflictLimits.speakers)
    return
  }
  // The same again: brokers and logs repeat. Numbers grow also while a clock is set back.
  if (status.time <= known.lastTime && accepted <= known.accepted) return
  const heard = {
    ...known,
    lastTime: Math.max(known.lastTime, status.time),
    accepted: Math.max(known.accepted, accepted),
  }
  if (known === newest || isLate(status, newest, ingestMs)) {
    device.speakers = speakers.map((one) => (one === known ? heard : one))
    return
  }
  device.speakers = [...speakers.filter((one) => one !== known), heard]
  device.conflict = withTurn(device.conflict ?? null, [newest.epoch, epoch], ingestMs)
}

/** The epoch that all sensors of a status name; null: the last will, or not one of our agents. */
function runOf({ sensors }: Status): string | null {
  const [first] = sensors
  return first && sensors.every((one) => one.epoch === first.epoch) ? first.epoch : null
}

/** Said before the newer run began, and logged after it. */
function isLate({ time }: Status, newest: StoredSpeaker, ingestMs: number): boolean {
  return time <= newest.firstTime && ingestMs - newest.firstIngest <= conflictLimits.lateStatusMs
}

function withTurn(
  before: StoredConflict | null,
  epochs: readonly string[],
  ingestMs: number,
): StoredConflict {
  const isNew = before === null || ingestMs - before.last > conflictLimits.endsAfterMs
  const { since, turns, epochs: others } = isNew ? { since: ingestMs, turns: 0, epochs: [] } : before
  const all = [...others.filter((one) => !epochs.includes(one)), ...epochs]
  return { since, last: ingestMs, turns: turns + 1, epochs: all.slice(-conflictLimits.speakers) }
}

/** The conflict that lasts at this time; null: none does. */
export function conflictAt(
  { conflict }: Pick<DeviceDocument, 'conflict'>,
  now: number,
): StoredConflict | null {
  if (!conflict || conflict.turns < conflictLimits.turns) return null
  return now - conflict.last <= conflictLimits.endsAfterMs ? conflict : null
}
