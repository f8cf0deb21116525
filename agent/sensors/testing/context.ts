import type { SensorConfig, SensorContext, SensorType, SiteConfig } from '../../core/sensor-type.ts'
import type { Sensor } from '../../core/sensor.ts'

/** Where tests stand. */
export const testSite: SiteConfig = {
  name: 'Test',
  latitude: 40.69,
  longitude: -74.17,
  altitudeM: 5,
  timeZone: 'America/New_York',
}

/** A moment for tests: 2026-01-15T12:07:30Z. */
export const testNowMs = Date.UTC(2026, 0, 15, 12, 7, 30)

/** Parses a configuration as the agent does; throws the issues. */
export function parseConfig<C extends SensorConfig>(type: SensorType<C>, input: unknown): C {
  const parsed = type.schema.safeParse(input)
  if (!parsed.success)
    throw new Error(
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'),
    )
  return parsed.data
}

/** The complaints of a type's schema about a configuration, as `path: message`. */
export function issuesOf<C extends SensorConfig>(type: SensorType<C>, input: unknown): string[] {
  const parsed = type.schema.safeParse(input)
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

/** A sensor of a type, in a world that stands still unless told otherwise. */
export function createTestSensor<C extends SensorConfig>(
  type: SensorType<C>,
  input: unknown,
  world: Partial<Omit<SensorContext<C>, 'config'>> = {},
): Sensor {
  return type.create({
    config: parseConfig(type, input),
    id: 'test',
    site: testSite,
    baseDir: '.',
    now: () => testNowMs,
    random: () => 0.5,
    fetch,
    ...world,
  })
}
