import { formatYaml } from '@barograph/proto/config'
import type { AgentConfig } from '../config/load.ts'
import { hideSecret } from '../config/secret.ts'
import { checkSecrets } from './parts.ts'

/** The resolved configuration for people or machines, secrets hidden. Throws when a secret cannot be read. */
export function describeConfig(config: AgentConfig, { json }: { json: boolean }): string {
  checkSecrets(config)
  const { device, site, uplink, buffer, primary, sensors } = config
  const shown = {
    device,
    site: {
      ...site,
      validFrom: site.validFrom === null ? undefined : new Date(site.validFrom).toISOString(),
    },
    uplink: {
      ...uplink,
      url: withoutPassword(uplink.url),
      ...Object.fromEntries(
        (['token', 'ca', 'cert', 'key'] as const).map((name) => {
          const value = uplink[name]
          return [name, value === null ? undefined : hideSecret(value)]
        }),
      ),
    },
    buffer,
    primary,
    sensors: sensors.map(({ id, type, config: own }) => ({
      id,
      type: type.type,
      ...hideKeys(own, type.secrets ?? []),
    })),
  }
  return json ? JSON.stringify(shown, null, 2) : formatYaml(shown)
}

function hideKeys(config: object, secrets: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      secrets.includes(key) && typeof value === 'string' ? hideSecret(value) : value,
    ]),
  )
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  if (!url.password) return text
  url.password = 'hidden'
  return url.href
}
