import type { Sensor } from './sensor.ts'

/** Where the device stands, as configured: degrees, metres, IANA time zone. */
export interface SiteConfig {
  readonly name: string
  readonly latitude: number
  readonly longitude: number
  readonly altitudeM: number
  readonly timeZone: string
}

/** What every sensor's configuration has beside the keys of its own. */
export interface SensorConfig {
  /** How often it is scheduled, ms; carried with the readings. 0: not scheduled. */
  readonly intervalMs: number
}

/** Everything a sensor may touch of the world it runs in. */
export interface SensorContext<C> {
  /** Checked and defaulted; values of `secrets` keys are the secrets themselves, no longer `file:` or `env:`. */
  readonly config: C
  readonly id: string
  readonly site: SiteConfig
  /** Folder of the configuration file: relative files resolve against it. */
  readonly baseDir: string
  /** Wall clock, ms since 1970. */
  now(): number
  /** 0 <= x < 1. */
  random(): number
  readonly fetch: typeof fetch
}

/** One complaint of a schema: where in the entry, and what is allowed there. A zod issue has this shape. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * What of a zod schema the core needs to know (a `z.ZodType<C>` has this shape; zod itself stays outside the core).
 * It checks the entry without `id` and `type`, refuses unknown keys (`z.strictObject`) and fills in defaults.
 */
export interface Schema<C> {
  safeParse(
    input: unknown,
  ):
    | { readonly success: true; readonly data: C }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } }
}

/**
 * A kind of sensor: what `type:` names in a configuration. Its functions are methods, so that types of different
 * configurations fit one list, `readonly SensorType[]`: each is only ever given what its own schema made.
 */
export interface SensorType<C extends SensorConfig = SensorConfig> {
  readonly type: string
  readonly schema: Schema<C>
  /** Top-level keys whose values may be `file:PATH` or `env:NAME`: resolved before `create`, hidden by `check`. */
  readonly secrets?: readonly string[]
  /** Names of the metrics that it can deliver when so configured. */
  metrics(config: C): readonly string[]
  /** Takes hold of nothing that `close` does not give back. Throws coded errors only. */
  create(context: SensorContext<C>): Sensor
}
