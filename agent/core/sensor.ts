import type { Metric, Origin } from '@barograph/proto'

/** One measured value: thousandths of the metric's unit, and its flag number (0: none). */
export interface Value {
  readonly metric: Metric
  readonly thousandths: number
  readonly flag: number
}

/** One observation. `time` is ms since 1970; null: measured now, the sampler stamps it. */
export interface Observation {
  readonly time: number | null
  readonly values: readonly Value[]
}

/** What a sensor remembers across restarts, committed in one transaction with the readings it stands for. */
export type SensorPosition =
  | string
  | number
  | boolean
  | null
  | { readonly [key: string]: SensorPosition }
  | readonly SensorPosition[]

export type Sample =
  /** New observations, oldest first, and the position after them. */
  | {
      readonly kind: 'observations'
      readonly observations: readonly Observation[]
      readonly position?: SensorPosition
    }
  /** Asked, and there is nothing new: no entry is made. */
  | { readonly kind: 'nothing' }
  /** The sensor failed. A fault that lasts makes one entry when it begins (or changes its code), not one for each try. */
  | { readonly kind: 'fault'; readonly code: string; readonly detail: string; readonly retryAfterMs?: number }
  /** There will never be more (the end of a replay). */
  | { readonly kind: 'end' }

/** What a source that is a device of its own says of itself: part of the device's status, not of its readings. */
export interface SourceWords {
  readonly state: string | null
  readonly location: string | null
}

/** A question to a sensor. */
export interface SensorRequest {
  /** Of the last committed sample, null the first time. */
  readonly position: SensorPosition
  /** There was one, and damage took it: what was handed out before must not come again. Historical sensors are not asked. */
  readonly isPositionLost?: boolean
  readonly signal: AbortSignal
}

/**
 * A source of observations. Promises of every implementation (sensor-contract.ts):
 * - one call of `read` at a time; each settles within the sensor's own time limit, and soon after `signal` aborts;
 * - what goes wrong at the source is a `fault` with a code of [a-z0-9-] and a sentence, never a rejection;
 * - after a fault it may be called again, and works again when the cause is gone;
 * - an observation is handed out once: not again after its position was handed back on a restart.
 */
export interface Sensor {
  /** scheduled: asked at each instant of its interval. continuous: asked again as soon as its last sample is committed. */
  readonly pace: 'scheduled' | 'continuous'
  readonly origin: Origin
  /** True when the times are the data's own (replay, generation) and say nothing about this machine's clock. */
  readonly historical: boolean
  read(request: SensorRequest): Promise<Sample>
  /** What the source says of itself in words; null: nothing, or it was not reached at last. */
  readonly words?: () => SourceWords | null
  close(): Promise<void>
}
