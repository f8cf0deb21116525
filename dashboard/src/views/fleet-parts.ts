import type { ApiDevice } from '@barograph/proto/api'
import type { ShownMetric } from '../measure/metrics.ts'
import type { Window } from '../measure/series.ts'
import type { Context } from './context.ts'
import { statusOf } from './status.ts'

/** What rows need beside the device itself; asked for rows in sight only. */
export interface FleetData {
  /** The last day's hours. */
  hours(device: ApiDevice, metric: ShownMetric): readonly Window[]
  /** The reading three hours before a time. */
  before(device: ApiDevice, metric: ShownMetric, time: number): number | null
}

/** Rows of the fleet and which of them are in sight. */
export interface RowParts {
  readonly context: Context
  readonly data: FleetData
  readonly devices: readonly ApiDevice[]
  readonly range: { readonly first: number; readonly end: number; readonly height: number }
  readonly selected: number
}

/** Those that need a look come first: below this rank. */
export const healthyRank = 5

/** Place of a device in the fleet. */
export const rankOf = (device: ApiDevice): number => statusOf(device).rank

/** True when a device's last values are no longer of now. */
export const isQuiet = ({ status }: ApiDevice): boolean => status === 'silent' || status === 'offline'

/** Where a click on a device leads. */
export const stationOf = ({ id }: ApiDevice) =>
  ({ view: 'station', device: id, to: null, at: null, day: null, metric: null }) as const

/** Percent below which a battery needs a person. */
export const lowBattery = 20
