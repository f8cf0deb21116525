/**
 * Why a value is doubted. Numbers below 128 say *suspect*: counted, and marked. From 128 on they say *invalid*: stored
 * and counted in `flagged`, but left out of every figure. A number that is not listed keeps the meaning of its half.
 */
export const flags = {
  none: 0,
  outsidePlausible: 1,
  stuck: 2,
  rateOfChange: 3,
  interpolated: 4,
  outsidePhysical: 128,
  badChecksum: 129,
  powerOnValue: 130,
  skippedMeasurement: 131,
  badCalibration: 132,
} as const

const words: Record<number, string> = {
  1: 'outside the plausible range',
  2: 'stuck',
  3: 'changed faster than is plausible',
  4: 'interpolated',
  128: 'outside the physical range',
  129: 'bad checksum',
  130: 'power-on value',
  131: 'measurement skipped',
  132: 'bad calibration',
}

export function isInvalid(flag: number): boolean {
  return flag >= 128
}

export function isSuspect(flag: number): boolean {
  return flag > 0 && flag < 128
}

/** A reason for people. */
export function flagWords(flag: number): string {
  return words[flag] ?? (isInvalid(flag) ? `invalid (${flag})` : `suspect (${flag})`)
}
